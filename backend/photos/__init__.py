"""Pictures that people hand in: taken in, made harmless, kept sealed, shown only to those who may see them."""
