from photochrom.cli.main import main

main()
