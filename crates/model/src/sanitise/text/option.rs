//! Credentials in command lines that a text quotes: `curl -u ann:…`, `mysql -p…`, `--password …`.

use std::borrow::Cow;

use crate::sanitise::{MASKED, edit::Edit, mask::MaskList};

/// The text without the credentials of its options.
pub(super) fn options<'a>(text: &'a str, mask: &MaskList) -> Cow<'a, str> {
    let bytes = text.as_bytes();
    let mut edit = Edit::new(text);
    let mut line = CommandLine { text, mask, has_user: false };
    let mut at = 0;
    while at < text.len() {
        let begins = bytes[at] == b'-' && (at == 0 || is_break(bytes[at - 1]));
        at = if begins { line.option(&mut edit, at) } else { at + 1 };
    }
    edit.finish()
}

/// Whether an option may stand anywhere in the text.
pub(super) fn may_begin(text: &str) -> bool {
    text.starts_with('-')
        || text.as_bytes().array_windows().any(|[before, byte]| *byte == b'-' && is_break(*before))
}

struct CommandLine<'a> {
    text: &'a str,
    mask: &'a MaskList,
    /// Whether an option named a user, so that `-p…` is likely that user's password.
    has_user: bool,
}

impl CommandLine<'_> {
    /// Masks what an option at `at` gives away; gives back where to read on.
    fn option(&mut self, edit: &mut Edit<'_>, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let end = at + bytes[at..].iter().take_while(|byte| is_name(**byte)).count();
        let name = &self.text[at..end];
        let bare = name.trim_start_matches('-');
        let glued = at + 2;
        match name {
            "-u" | "-U" | "--user" | "--proxy-user" => {
                self.has_user = true;
                let (from, to) = self.value_behind(end);
                if is_user_and_password(&self.text[from..to]) {
                    return masked(edit, from, to);
                }
            }
            "-p" | "-a" if self.gives_password(name, at) => {
                let (from, to) = self.value_behind(end);
                return self.masked_word(edit, from, to);
            }
            _ if name.starts_with("-u") => {
                self.has_user = true;
                let to = self.value_end(glued);
                if is_user_and_password(&self.text[glued..to]) {
                    return masked(edit, glued, to);
                }
            }
            _ if name.starts_with("-p") && self.asks_for_password(at) => {
                return masked(edit, glued, self.value_end(glued));
            }
            _ => {}
        }
        let property = name.strip_prefix("-D").is_some_and(|key| self.mask.matches(key));
        if property && bytes.get(end) == Some(&b'=') || !property && self.mask.matches(bare) {
            let (from, to) = self.value_behind(end);
            return self.masked_word(edit, from, to);
        }
        end.max(at + 1)
    }

    /// Where the value begins and ends behind an option's name, with a space, an equals sign or quotes in between.
    fn value_behind(&self, end: usize) -> (usize, usize) {
        let rest = &self.text.as_bytes()[end..];
        let equals = usize::from(rest.first() == Some(&b'='));
        let is_between = |byte: &u8| matches!(byte, b' ' | b'"' | b'\'' | b',' | b'\\');
        let between = match equals {
            1 => rest[1..].iter().take_while(|byte| matches!(byte, b'"' | b'\'')).count(),
            _ => rest.iter().take_while(|byte| is_between(byte)).count(),
        };
        let from = end + equals + between;
        let to = if between + equals == 0 { from } else { self.value_end(from) };
        (from, to)
    }

    fn value_end(&self, from: usize) -> usize {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'');
        let rest = &self.text.as_bytes()[from..];
        rest.iter().position(ends).map_or(self.text.len(), |length| from + length)
    }

    /// Masks a value that is no other option and no word of a sentence about the option.
    fn masked_word(&self, edit: &mut Edit<'_>, from: usize, to: usize) -> usize {
        const PROSE: [&str; 16] = [
            "is", "was", "are", "not", "or", "and", "to", "must", "for", "flag", "option",
            "argument", "has", "in", "requires", "may",
        ];
        let value = &self.text[from..to];
        if value.is_empty() || value.starts_with('-') || PROSE.contains(&value) {
            return from.max(to);
        }
        masked(edit, from, to)
    }

    /// Whether the program before the option takes a password with it.
    fn gives_password(&self, name: &str, at: usize) -> bool {
        let program = if name == "-p" { "sshpass" } else { "redis-cli" };
        self.line_before(at).contains(program)
    }

    /// Whether `-p` with something behind it may be a password: most programs mean a port or a path.
    fn asks_for_password(&self, at: usize) -> bool {
        let before = self.line_before(at);
        self.has_user
            || ["mysql", "mariadb", "sshpass"].iter().any(|program| before.contains(program))
    }

    fn line_before(&self, at: usize) -> &str {
        let mut from = at.saturating_sub(256);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        &self.text[from..at]
    }
}

fn masked(edit: &mut Edit<'_>, from: usize, to: usize) -> usize {
    if from < to {
        edit.replace(from..to, MASKED);
    }
    to
}

/// `user:password`, which a URL is not, nor what was masked before.
fn is_user_and_password(value: &str) -> bool {
    let password = value.split_once(':').map(|(_, password)| password);
    password.is_some_and(|password| !password.is_empty() && !password.starts_with("//"))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn is_break(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'(' | b'[' | b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(options(text, &MaskList::default()), expected);
    }

    #[test]
    fn passwords_of_options_go() {
        check("curl -u ann:hunter2 http://shop/", "curl -u *** http://shop/");
        check("curl --user 'ann:hunter2' -v", "curl --user '***' -v");
        check("run curl -uann:hunter2", "run curl -u***");
        check(r#"["curl","-u","ann:hunter2","-v"]"#, r#"["curl","-u","***","-v"]"#);
        check("mysqldump -h db -phunter2 shop", "mysqldump -h db -p*** shop");
        check("client -u root -phunter2", "client -u root -p***");
        check("sshpass -p hunter2 ssh host", "sshpass -p *** ssh host");
        check("redis-cli -a hunter2 get", "redis-cli -a *** get");
        check("deploy --password hun;ter2 --token=hunter2", "deploy --password *** --token=***");
        check(
            "java -Ddb.password=hunter2 -Dpassword=hunter2",
            "java -Ddb.password=*** -Dpassword=***",
        );
    }

    #[test]
    fn other_options_and_sentences_stay() {
        for text in [
            "find -path x -print",
            "nc -p8080 host",
            "docker run -u root -v /a:/b",
            "curl -u http://shop/",
            "the option --token is required",
            "--password -v",
            "a - b",
            "trailing -",
        ] {
            let shown = options(text, &MaskList::default());
            assert!(matches!(shown, Cow::Borrowed(_)), "{shown}");
        }
    }
}
