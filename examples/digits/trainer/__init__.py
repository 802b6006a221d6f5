"""Read handwritten digits: the project that Caliban-LS is shown with."""
