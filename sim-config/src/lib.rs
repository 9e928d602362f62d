//! Configuration files: strict TOML to checked specs, and their explanation.
