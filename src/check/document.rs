//! Facts of the store's own making: any JSON, within bounds.

use serde_json::Value;

use super::{Check, last};
use crate::rejection::RejectionCode;

/// The largest document, in bytes of JSON without spaces.
const LARGEST: usize = 16 * 1024;

/// How many objects and arrays may lie within each other, the document itself included.
const DEEPEST: usize = 8;

impl Check {
    /// A JSON object of at most 16 KiB, at most 8 deep, without the character U+0000.
    pub fn document(&mut self, path: &str, value: &Value) -> Option<Value> {
        let expected = if !value.is_object() {
            "a JSON object"
        } else if depth(value) > DEEPEST {
            "objects and arrays at most 8 deep"
        } else if value.to_string().len() > LARGEST {
            "at most 16 KiB of JSON"
        } else if has_null_character(value) {
            "texts without the character U+0000"
        } else {
            return Some(value.clone());
        };
        self.reject(RejectionCode::Invalid, path, format!("{}: expected {expected}", last(path)));
        None
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// PostgreSQL has no such character in text.
fn has_null_character(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(elements) => elements.iter().any(has_null_character),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_null_character(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_objects_within_bounds() {
        let nested = |depth| (1..depth).fold(json!({}), |inner, _| json!({ "a": inner }));
        // {"a":"…"} is eight bytes and the text.
        let long = |length: usize| json!({ "a": "x".repeat(length - 8) });
        let cases = [
            (json!({}), true),
            (json!({ "sizes": [36, null, "L"] }), true),
            (nested(8), true),
            (nested(9), false),
            (json!({ "a": [[[[[[[1]]]]]]] }), true),
            (json!({ "a": [[[[[[[[1]]]]]]]] }), false),
            (long(16_384), true),
            (long(16_385), false),
            (json!([]), false),
            (json!("text"), false),
            (json!({ "a": ["\0"] }), false),
            (json!({ "\0": 1 }), false),
        ];

        for (value, is_right) in cases {
            let mut check = Check::default();
            check.document("input.customFields", &value);
            assert_eq!(check.done().is_ok(), is_right, "{:.80}", value.to_string());
        }
    }
}
