//! First and second factors and their registries.
