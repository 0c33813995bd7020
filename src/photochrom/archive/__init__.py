"""A million pictures: sources that are streamed, a journal that is exact, all cores of a machine, or many machines."""
