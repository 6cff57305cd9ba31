//! Names paths for which no route was sent: variable parts become placeholders, and two segments remain.

use super::variable::{PLACEHOLDER, is_variable};
use crate::conventions::without_query;

/// Segments kept of a path.
const SEGMENTS: usize = 2;

/// The template of a path: `/order/1?x=y` is `/order/{id}`, `/api/v1/users/7` is `/api/v1`.
pub fn template(path: &str) -> String {
    let mut template = String::with_capacity(32);
    let segments = without_query(path)
        .split('/')
        .map(without_parameters)
        .filter(|segment| !segment.is_empty());
    for segment in segments.take(SEGMENTS) {
        template.push('/');
        push_segment(&mut template, segment);
    }
    if template.is_empty() {
        template.push('/');
    }
    template
}

/// A path's segment without matrix parameters such as `;jsessionid=…`.
fn without_parameters(segment: &str) -> &str {
    segment.split(';').next().unwrap_or(segment)
}

fn push_segment(template: &mut String, segment: &str) {
    let (stem, extension) = match segment.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() && is_extension(end) => segment.split_at(stem.len()),
        _ => (segment, ""),
    };
    template.push_str(if is_variable(stem) { PLACEHOLDER } else { stem });
    template.push_str(extension);
}

/// `pdf` of `4711.pdf`, but not the end of a token, a number or a mail address.
fn is_extension(end: &str) -> bool {
    (2..=4).contains(&end.len())
        && end.bytes().all(|byte| byte.is_ascii_lowercase())
        && end != "com"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &str) {
        assert_eq!(template(path), expected);
    }

    #[test]
    fn a_path_keeps_its_words_and_loses_its_values() {
        check("/order/1", "/order/{id}");
        check("/nope/12", "/nope/{id}");
        check("/cart", "/cart");
        check("/users/550e8400-e29b-41d4-a716-446655440000/cart", "/users/{id}");
        check("/invoices/4711.pdf", "/invoices/{id}.pdf");
        check("/login;jsessionid=5AC6268DD8D4D5D1FDF5D41E9F2FD960", "/login");
        check("/search?q=secret/1", "/search");
        check("//cart//5/", "/cart/{id}");
    }

    #[test]
    fn two_segments_remain() {
        check("/api/v1/users/123/cart", "/api/v1");
        check("/", "/");
        check("", "/");
    }

    proptest! {
        #[test]
        fn a_template_is_its_own_template(path in "(/[a-zA-Z0-9.;@%_-]{0,24}){0,4}") {
            let once = template(&path);
            prop_assert_eq!(template(&once), once);
        }
    }
}
