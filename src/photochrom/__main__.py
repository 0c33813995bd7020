from photochrom.cli import main

main()
