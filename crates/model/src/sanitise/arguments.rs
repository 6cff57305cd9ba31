//! Command lines of processes: the program and the names of its options stay, arguments become `?`.

use std::borrow::Cow;

use super::LITERAL;
use super::edit::Edit;

/// A command line without its arguments.
pub fn command_line(text: &str) -> Cow<'_, str> {
    let mut edit = Edit::new(text);
    let base = text.as_ptr() as usize;
    for argument in text.split_whitespace().skip(1) {
        let start = argument.as_ptr() as usize - base;
        let kept = option_name(argument);
        if kept < argument.len() {
            edit.replace(start + kept..start + argument.len(), LITERAL);
        }
    }
    edit.finish()
}

/// How much of an argument names an option: `--port` whole, `--password=` up to its value, `-p` of `-phunter2`.
pub(super) fn option_name(argument: &str) -> usize {
    let end = argument.find('=').map_or(argument.len(), |at| at + 1);
    let name = argument[..end].trim_end_matches('=');
    let is_option = name.len() <= 64
        && name.starts_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    match (is_option, end < argument.len() || argument.ends_with('=')) {
        (true, true) => end,
        (true, false) if name.starts_with("--") => end,
        // A short option may be written together with its value.
        _ if argument.as_bytes().first() == Some(&b'-')
            && argument.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) =>
        {
            2
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn arguments_go_and_options_keep_their_names() {
        assert_eq!(
            command_line(
                "/usr/bin/node app.js --port 80 --password=hunter2 -phunter2 -v -Ddb.pwd=hunter2"
            ),
            "/usr/bin/node ? --port ? --password=? -p? -v -Ddb.pwd=?"
        );
        assert!(matches!(command_line("/srv/app --verbose"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn a_command_line_stays_what_it_is(text in "([-=?a1 ]|\\PC){0,30}") {
            let once = command_line(&text).into_owned();
            prop_assert_eq!(command_line(&once).into_owned(), once);
        }
    }
}
