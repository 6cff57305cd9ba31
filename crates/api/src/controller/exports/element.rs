//! XML elements with attributes: writing them, indented as exports are, and finding one's way in those that come in.

use roxmltree::Node;

use crate::{controller::xml::escape, error::ApiError};

const INDENT: &str = "    ";

/// An element to be written.
#[derive(Clone, Debug)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Text(String),
    Elements(Vec<Element>),
}

impl Element {
    /// One with a text, or an empty one.
    pub(super) fn text(name: &'static str, text: impl ToString) -> Element {
        Element { name, attributes: Vec::new(), content: Content::Text(text.to_string()) }
    }

    /// One with others in it.
    pub(super) fn of(name: &'static str, elements: Vec<Element>) -> Element {
        Element { name, attributes: Vec::new(), content: Content::Elements(elements) }
    }

    /// A list: an element for each of the texts in one around them.
    pub(super) fn list<'a>(
        name: &'static str,
        item: &'static str,
        texts: impl IntoIterator<Item = &'a String>,
    ) -> Element {
        Element::of(name, texts.into_iter().map(|text| Element::text(item, text)).collect())
    }

    #[must_use]
    pub(super) fn with(mut self, attribute: &'static str, value: &str) -> Element {
        self.attributes.push((attribute, value.to_owned()));
        self
    }

    /// A whole document.
    pub(super) fn document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        out.push_str(&INDENT.repeat(depth));
        out.push('<');
        out.push_str(self.name);
        for (attribute, value) in &self.attributes {
            out.push_str(&format!(" {attribute}=\""));
            escape(out, value);
            out.push('"');
        }
        match &self.content {
            Content::Text(text) if text.is_empty() => out.push_str("/>\n"),
            Content::Elements(elements) if elements.is_empty() => out.push_str("/>\n"),
            Content::Text(text) => {
                out.push('>');
                escape(out, text);
                out.push_str(&format!("</{}>\n", self.name));
            }
            Content::Elements(elements) => {
                out.push_str(">\n");
                elements.iter().for_each(|element| element.write(out, depth + 1));
                out.push_str(&INDENT.repeat(depth));
                out.push_str(&format!("</{}>\n", self.name));
            }
        }
    }
}

/// The first element of a name in another.
pub(super) fn child<'a, 'i>(of: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    of.children().find(|child| child.has_tag_name(name))
}

/// The same, which has to be there.
pub(super) fn required<'a, 'i>(of: Node<'a, 'i>, name: &str) -> Result<Node<'a, 'i>, ApiError> {
    child(of, name)
        .ok_or_else(|| ApiError::bad(format!("<{}> has no <{name}>", of.tag_name().name())))
}

/// The text of an element in another, trimmed; none where it is empty.
pub(super) fn text<'a>(of: Node<'a, '_>, name: &str) -> Option<&'a str> {
    child(of, name)?.text().map(str::trim).filter(|text| !text.is_empty())
}

/// Whether an element in another says `true`.
pub(super) fn flag(of: Node<'_, '_>, name: &str) -> bool {
    text(of, name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// The texts of the elements of a name in a list in another.
pub(super) fn texts(of: Node<'_, '_>, list: &str, item: &str) -> Vec<String> {
    let items = child(of, list).into_iter().flat_map(|list| list.children());
    let texts = items.filter(|one| one.has_tag_name(item)).filter_map(|one| one.text());
    let mut texts: Vec<String> = texts.map(|text| text.trim().to_owned()).collect();
    // Transactions of one name are told apart by their tiers, in an attribute.
    texts.dedup();
    texts
}

/// A whole number that an element in another holds.
pub(super) fn number(of: Node<'_, '_>, name: &str) -> Result<u16, ApiError> {
    let text = text(of, name).unwrap_or_default();
    text.parse()
        .map_err(|_| ApiError::bad(format!("<{name}> is {text:?}; it has to be a whole number")))
}

/// One of some words; the first of those that mean the same is the one that is written.
pub(super) fn one_of<T: Copy>(
    of: Node<'_, '_>,
    name: &str,
    known: &[(&'static str, T)],
) -> Result<T, ApiError> {
    let wanted = text(of, name).unwrap_or_default();
    known.iter().find(|(word, _)| *word == wanted).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        ApiError::bad(format!("<{name}> is {wanted:?}; use one of {}", words.join(", ")))
    })
}

/// The word for a value.
pub(super) fn word<T: PartialEq>(value: T, known: &[(&'static str, T)]) -> &'static str {
    known.iter().find(|(_, other)| *other == value).map_or("", |(word, _)| *word)
}
