import lakehouse_constructs


def test_the_public_names_are_listed_sorted_and_there() -> None:
    names = lakehouse_constructs.__all__

    assert names == sorted(names)
    public = {
        name
        for name, value in vars(lakehouse_constructs).items()
        if not name.startswith("_") and isinstance(value, type)
    }
    assert public == set(names)


def test_every_public_class_says_what_it_is() -> None:
    for name in lakehouse_constructs.__all__:
        assert getattr(lakehouse_constructs, name).__doc__
