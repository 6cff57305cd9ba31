//! The binary as a shell meets it.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

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
    for least in ["at least 256MiB", "at least 128MiB", "at least 12 characters"] {
        assert!(help.contains(least), "{least} is missing from {help}");
    }
}

#[test]
fn a_second_signal_ends_the_server_at_once_and_says_so() {
    let folder = tempfile::TempDir::new().expect("there is room for a folder");
    let mut server = vedette()
        .args(["serve", "--https-listen", "127.0.0.1:0"])
        .args(["--otlp-grpc-listen", "off", "--otlp-http-listen", "off"])
        .arg("--data-dir")
        .arg(folder.path().join("data"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut lines = BufReader::new(server.stderr.take().expect("it is piped")).lines();
    let mut said = Vec::new();
    while !said.last().is_some_and(|line: &String| line.contains("Vedette is up")) {
        said.push(lines.next().expect("it comes up").expect("it is text"));
    }
    let pid = server.id().to_string();
    let twice = format!("kill -TERM {pid}; kill -INT {pid}");
    let told = Command::new("sh").args(["-c", &twice]).status().expect("there is a shell");
    assert!(told.success());
    said.extend(lines.map(|line| line.expect("it is text")));
    let ended = server.wait().expect("it ends");
    let said = said.join("\n");
    assert!(!said.contains("panicked"), "{said}");
    // Both signals may have come before the first was seen to; then it stopped as after one.
    if !ended.success() {
        assert!(said.contains("came again; stopped without waiting"), "{said}");
    }
}
