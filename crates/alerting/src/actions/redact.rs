//! Taking secrets out of texts that people or logs see.

use super::Hidden;

/// What stands for a secret.
pub const MASK: &str = "•••";

/// Shorter ones are not looked for in answers: they would mask half of every text.
const LEAST: usize = 4;

/// The text without any of the secrets: as they are, as they stand in a URL, and each long part of one that is a URL
/// itself.
pub fn redact(text: &str, secrets: &Hidden) -> String {
    let mut needles: Vec<String> = Vec::new();
    for secret in secrets.0.values().filter(|secret| secret.len() >= LEAST) {
        needles.push(secret.clone());
        needles.push(encoded(secret));
        needles
            .push(serde_json::to_string(secret).unwrap_or_default().trim_matches('"').to_owned());
        if let Ok(url) = reqwest::Url::parse(secret) {
            needles.push(url.to_string());
            needles.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
            needles.extend(url.query().map(str::to_owned));
            needles.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
            needles.extend(url.password().map(str::to_owned));
        }
    }
    needles.retain(|needle| needle.len() >= LEAST);
    // The longest first, so that no rest of it stays.
    needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    needles.dedup();
    needles.iter().fold(text.to_owned(), |text, needle| text.replace(needle.as_str(), MASK))
}

fn encoded(text: &str) -> String {
    let mut url = reqwest::Url::parse("http://x/").expect("a URL");
    url.query_pairs_mut().append_key_only(text);
    url.query().unwrap_or_default().to_owned()
}

/// A URL as a log may have it: without user, password, query and secrets.
pub fn shown_url(url: &reqwest::Url, secrets: &Hidden) -> String {
    let mut url = url.clone();
    // A URL of these schemes has a place for them.
    url.set_username("").and_then(|()| url.set_password(None)).ok();
    if url.query().is_some() {
        url.set_query(None);
    }
    url.set_fragment(None);
    redact(url.as_str(), secrets)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn no_form_of_a_secret_is_left() {
        let url = "https://hooks.example.com/services/T0/B0/planted+secret?k=planted2";
        let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let secrets = Hidden(BTreeMap::from([of("url", url), of("token", "pl anted\"3")]));
        let text = format!(
            "sent to {url} with pl anted\"3, {{\"x\":\"pl anted\\\"3\"}}, pl+anted%223, /planted+secret, planted2"
        );
        let shown = redact(&text, &secrets);
        assert!(!shown.contains("anted"), "{shown}");
        let shown = shown_url(&url.parse().unwrap(), &secrets);
        assert!(!shown.contains("planted") && shown.contains(MASK), "{shown}");
        let user = "https://me:planted4@example.com/x?y=planted5#z".parse().unwrap();
        assert_eq!(shown_url(&user, &Hidden::default()), "https://example.com/x");
        assert!(!format!("{secrets:?}").contains("anted"));
    }
}
