//! Local commands: only those that the settings file names, never through a shell.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{
    ATTEMPT_TIME, Command, Hidden, MAX_ANSWER, Outcome, redact::redact, render::Rendering,
    shortened,
};
use crate::notice::Notice;

/// Commands that may be run, by the names under which actions call them.
pub type Commands = BTreeMap<String, PathBuf>;

/// Reads `name=/path` of the settings.
///
/// # Errors
/// A sentence about the first that is not so.
pub fn commands(entries: &[String]) -> Result<Commands, String> {
    let read = |entry: &String| {
        let (name, path) = entry.split_once('=').unwrap_or(("", ""));
        let path = PathBuf::from(path.trim());
        if name.trim().is_empty() || !path.is_absolute() {
            return Err(format!(
                "{entry:?} is not a name and an absolute path, such as page=/usr/local/bin/page"
            ));
        }
        Ok((name.trim().to_owned(), path))
    };
    entries.iter().filter(|entry| !entry.is_empty()).map(read).collect()
}

/// Runs a command once: the notice as JSON on its standard input, no environment but `PATH`.
pub async fn run(
    commands: &Commands,
    command: &Command,
    notice: &Notice,
    secrets: &Hidden,
) -> Outcome {
    let Some(path) = commands.get(&command.command) else {
        return Outcome::refused(
            &command.command,
            format!(
                "the settings file allows no command {:?}; notice-commands names those that may be run",
                command.command
            ),
        );
    };
    let rendering = Rendering::of(notice, secrets);
    let filled: Result<Vec<String>, _> =
        command.arguments.iter().map(|one| rendering.fill("argument", one)).collect();
    let arguments = match filled {
        Ok(arguments) => arguments,
        Err(error) => {
            return Outcome::refused(&command.command, redact(&error.to_string(), secrets));
        }
    };
    let target = command.command.clone();
    let work = ended(path, &arguments, notice, &target);
    let outcome = tokio::time::timeout(ATTEMPT_TIME, work).await.unwrap_or_else(|_| {
        let seconds = ATTEMPT_TIME.as_secs();
        Outcome::failed(&target, format!("did not end within {seconds} s and was killed"))
    });
    Outcome { answer: redact(&outcome.answer, secrets), ..outcome }
}

async fn ended(path: &PathBuf, arguments: &[String], notice: &Notice, target: &str) -> Outcome {
    let spawned = tokio::process::Command::new(path)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return Outcome::refused(target, format!("cannot be started: {error}")),
    };
    let input = serde_json::to_vec(notice).expect("texts and numbers are JSON");
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // One that reads nothing closes it early, and may.
            stdin.write_all(&input).await.ok();
        }
    };
    let ((), out, err, status) = tokio::join!(write, read(stdout), read(stderr), child.wait());
    let answer = shortened(&[out, err].concat());
    match status {
        Ok(status) => Outcome {
            ok: status.success(),
            retry: !status.success(),
            target: target.to_owned(),
            status: status.to_string().replace("exit status: ", "exit code "),
            answer,
            retry_after: None,
        },
        Err(error) => Outcome::failed(target, format!("cannot be waited for: {error}")),
    }
}

/// The first bytes; the rest is read and thrown away, so that the command does not wait for a reader.
async fn read(from: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return kept };
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let room = MAX_ANSWER.saturating_sub(kept.len());
        kept.extend_from_slice(&buffer[..count.min(room)]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::sample;

    async fn run_sh(arguments: &[&str]) -> Outcome {
        let commands = commands(&["sh=/bin/sh".to_owned()]).unwrap();
        let arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
        let command = Command { command: "sh".to_owned(), arguments };
        let secrets = Hidden([("token".to_owned(), "planted".to_owned())].into());
        run(&commands, &command, &sample(), &secrets).await
    }

    #[tokio::test]
    async fn a_command_gets_the_notice_and_its_arguments_as_they_are() {
        let done = run_sh(&[
            "-c",
            "printf '%s|' \"$@\"; grep -o 'Checkout is slow' | head -1",
            "x",
            "{{ cause }}; rm -rf /",
            "$(id)",
        ])
        .await;
        assert!(done.ok && done.status == "exit code 0", "{done:?}");
        assert!(
            done.answer.starts_with("Checkout is slow; rm -rf /|$(id)|Checkout is slow"),
            "{done:?}"
        );
    }

    #[tokio::test]
    async fn what_it_says_is_capped_and_has_no_secrets_and_no_environment() {
        let done = run_sh(&[
            "-c",
            "echo $1 $HOME; head -c 100000 /dev/zero | tr '\\0' x; exit 3",
            "x",
            "{{ secrets.token }}",
        ])
        .await;
        assert!(!done.ok && done.retry && done.status == "exit code 3", "{done:?}");
        assert!(done.answer.starts_with("•••\nxxx") && done.answer.len() < 1100, "{done:?}");
    }

    #[tokio::test]
    async fn only_what_the_settings_name_is_run() {
        let command = Command { command: "bash".to_owned(), arguments: Vec::new() };
        let done = run(&Commands::new(), &command, &sample(), &Hidden::default()).await;
        assert!(!done.ok && !done.retry && done.status.contains("notice-commands"), "{done:?}");
        assert!(commands(&["page=page".to_owned()]).is_err());
    }
}
