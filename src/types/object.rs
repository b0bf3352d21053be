//! JSON objects and nothing else: serde would read a list for a struct too, its fields in their order.

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// A value that came as an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        object(d).map(Object)
    }
}

/// For a field (`deserialize_with`).
pub fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    d.deserialize_map(Fields(PhantomData))
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with named fields")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Point {
        x: u32,
        #[serde(default)]
        y: u32,
    }

    #[test]
    fn a_list_is_no_object() {
        let read = |s: &str| serde_json::from_str::<Object<Point>>(s).map(|Object(p)| p).map_err(|e| e.to_string());
        assert_eq!(read(r#"{"x":1}"#), Ok(Point { x: 1, y: 0 }));
        assert!(serde_json::from_str::<Point>("[1]").is_ok() || serde_json::from_str::<Point>("[1,2]").is_ok());
        for other in ["[1]", "[1,2]", "null", "1", r#""x""#] {
            assert!(read(other).unwrap_err().contains("an object with named fields"), "{other}");
        }
        assert!(read(r#"{"x":1,"z":1}"#).unwrap_err().contains("unknown field `z`"));
    }
}
