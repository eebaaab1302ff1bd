"""A value of an object that is made when it is first asked for and kept with it.

`functools.cached_property` of Python 3.11 holds one lock for all objects of a class while it makes a value, so that one
request that reads the store there lets all others wait. Here two threads may both make it; the later one stays.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class kept(Generic[T]):  # noqa: N801 - it is used as a decorator
    """Keep what a method without arguments returns, in the object's own `__dict__`; frozen dataclasses too."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self.__doc__ = make, make.__doc__
        self._name = make.__name__

    @overload
    def __get__(self, instance: None, owner: type) -> "kept[T]": ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...

    def __get__(self, instance: object | None, owner: type | None = None) -> "kept[T] | T":
        """Return the value; the next reading finds it in the object itself."""
        if instance is None:
            return self
        value = self._make(instance)
        instance.__dict__[self._name] = value
        return value
