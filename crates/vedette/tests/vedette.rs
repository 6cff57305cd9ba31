//! The binary as a shell meets it.

use std::process::{Command, Stdio};

fn vedette() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vedette"));
    command.env_clear();
    command
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let (reader, writer) = std::io::pipe().expect("there is room for a pipe");
    drop(reader);
    let ended = vedette()
        .args(["config", "show"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("the binary runs");
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert!(ended.status.success(), "{}", ended.status);
}

#[test]
fn the_least_of_a_setting_stands_in_its_help() {
    let ended = vedette().args(["serve", "--help"]).output().expect("the binary runs");
    let help = String::from_utf8_lossy(&ended.stdout);
    for least in ["at least 256MiB", "at least 128MiB", "at least 8 characters"] {
        assert!(help.contains(least), "{least} is missing from {help}");
    }
}
