//! Writing XML 1.0.

use serde_json::Value;

use super::document::Shape;

/// A whole document: the shape under one root element.
pub(super) fn document(root: &str, shape: &Shape) -> String {
    let mut out = String::new();
    element(&mut out, root, shape);
    out
}

fn element(out: &mut String, name: &str, shape: &Shape) {
    let mut content = String::new();
    match shape {
        // What is not known is left out.
        Shape::Scalar(Value::Null) => return,
        Shape::Scalar(Value::String(text)) => escape(&mut content, text),
        Shape::Scalar(other) => content.push_str(&other.to_string()),
        Shape::Object(fields) => {
            fields.iter().for_each(|(name, value)| element(&mut content, name, value));
        }
        Shape::List(item, items) => {
            items.iter().for_each(|value| element(&mut content, item, value))
        }
    }
    let tag = if content.is_empty() {
        format!("<{name}/>")
    } else {
        format!("<{name}>{content}</{name}>")
    };
    out.push_str(&tag);
}

/// Text as it stands between tags. Characters that XML 1.0 cannot hold become the replacement character.
pub(super) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(c),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_end_its_element() {
        let shape = Shape::Object(vec![
            ("a", Shape::from("</a><b> & \u{1} \"'")),
            ("none", Shape::Scalar(Value::Null)),
            ("empty", Shape::from("")),
            ("list", Shape::List("item", vec![Shape::from(1), Shape::from(true)])),
        ]);
        assert_eq!(
            document("root", &shape),
            "<root><a>&lt;/a&gt;&lt;b&gt; &amp; \u{fffd} &quot;&apos;</a><empty/>\
             <list><item>1</item><item>true</item></list></root>"
        );
    }
}
