"""The readers of surveys, each reached by its name and imported only then."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from fewsky.console import FewskyError


def reader(name: str) -> ModuleType:
    """The module that knows a survey's files: shards(survey) and files(shard, ...).

    Its KIND is `fields` (a catalogue's objects are cut from large images) or `images` (one image an
    object, listed beforehand); ALIGNS tells whether its bands are brought to one grid, PACKED
    whether one file of the catalogue holds all images. For images, OBJECTS and PICTURES name the
    modules here that read the lists of objects and the images; the digest of a job's code holds
    those of its own survey alone. Raises FewskyError where there is no such reader.
    """
    known = [module.name for module in iter_modules(__path__) if "_" not in module.name]
    if name not in known:
        raise FewskyError(
            f"survey reader '{name}': wanted one of {', '.join(known)}; found no such module. "
            "Correct the survey's key 'reader', or add the module to scripts/fewsky/surveys."
        )
    return import_module(f"{__name__}.{name}")


def module_of_objects(name: str) -> str:
    """Dotted name of the module whose `select_objects` lists the objects of a reader of images."""
    return f"{__name__}.{reader(name).OBJECTS}"


def module_of_pictures(name: str) -> str | None:
    """Dotted name of the module that reads a reader's images; None where they come aligned.

    It has `read_images` where one file holds all, `read_cutout` for a file a band, and else
    `read_picture` for a file an object.
    """
    module = reader(name).PICTURES
    return f"{__name__}.{module}" if module else None
