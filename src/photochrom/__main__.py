from photochrom.cli.start import main

main()
