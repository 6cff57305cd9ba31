//! The binary: reads flags, environment and file into settings, then runs what was asked for.

use std::{io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use daemon::config::{KEYS, Settings};

// Spans are many small allocations on one thread that others free, which leaves the system's allocator with twice the memory.
// How it gives back what is free is said where it is built: `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let matches = command().get_matches();
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        // `vedette access-key list | head -1`: whoever read has read enough.
        Err(error) if matches.subcommand_matches("serve").is_none() && is_broken_pipe(&error) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            let told = writeln!(std::io::stderr(), "vedette: {error:#}");
            if told.is_err() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

fn command() -> Command {
    let name = Arg::new("name").help("What people call the key").required(true);
    let directory =
        |help| Arg::new("directory").help(help).required(true).value_parser(value_parser!(PathBuf));
    Command::new("vedette")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Self-hosted application performance monitoring")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_settings(Command::new("serve").about("Run every role in this process")))
        .subcommand(
            Command::new("config")
                .about("Look at the configuration")
                .subcommand_required(true)
                .subcommand(with_settings(
                    Command::new("show")
                        .about("Print the effective configuration and where each value came from"),
                )),
        )
        .subcommand(
            Command::new("admin")
                .about("Help an administrator who cannot sign in")
                .subcommand_required(true)
                .subcommand(with_settings(
                    Command::new("reset-password")
                        .about("Give the user admin a new password; works offline"),
                )),
        )
        .subcommand(
            Command::new("access-key")
                .about("Keys that agents report with")
                .subcommand_required(true)
                .subcommand(with_settings(Command::new("list").about("List the keys")))
                .subcommand(with_settings(
                    Command::new("create").about("Make a key and print it").arg(name),
                )),
        )
        .subcommand(with_settings(
            Command::new("backup")
                .about("Copy the data directory, also while the server runs")
                .arg(directory("An empty directory to copy to")),
        ))
        .subcommand(with_settings(
            Command::new("restore")
                .about("Put a backup back as the data directory, which must be empty")
                .arg(directory("The backup")),
        ))
}

/// Every setting is a flag, a key of the file and a variable.
fn with_settings(command: Command) -> Command {
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("TOML file with settings (environment: VEDETTE_CONFIG)")
        .value_parser(value_parser!(PathBuf));
    KEYS.iter().fold(command.arg(file), |command, key| {
        let help = match (key.default, key.secret) {
            ("", _) | (_, true) => {
                format!("{} [{}] (environment: {})", key.help, key.all_allowed(), key.env())
            }
            (default, false) => {
                format!(
                    "{} [{}; default: {default}] (environment: {})",
                    key.help,
                    key.all_allowed(),
                    key.env()
                )
            }
        };
        let action = if key.list { ArgAction::Append } else { ArgAction::Set };
        let arg = Arg::new(key.name).long(key.name).value_name("VALUE").help(help).action(action);
        command.arg(arg.help_heading("Settings"))
    })
}

fn settings(matches: &ArgMatches) -> anyhow::Result<Settings> {
    let given = KEYS.iter().flat_map(|key| {
        let values = matches.get_many::<String>(key.name).into_iter().flatten();
        values.map(|value| (key.name.to_owned(), value.clone()))
    });
    let flags: Vec<(String, String)> = given.collect();
    let file = matches.get_one::<PathBuf>("config").map(PathBuf::as_path);
    Ok(Settings::load(&flags, std::env::vars_os(), file)?)
}

fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let (name, matches) = matches.subcommand().expect("clap demands a command");
    let (name, matches) = match matches.subcommand() {
        Some((inner, matches)) => (format!("{name} {inner}"), matches),
        None => (name.to_owned(), matches),
    };
    let settings = settings(matches)?;
    let mut out = std::io::stdout();
    match name.as_str() {
        "serve" => {
            daemon::logs::install(&settings.log_level, *settings.log_format)?;
            let runtime = runtime()?;
            let served = runtime.block_on(server::serve(settings, &mut out));
            if served.is_err() {
                // What is still at work would meet a runtime that is going; it ends with the process, as in a crash.
                std::mem::forget(runtime);
            }
            served
        }
        "config show" => Ok(settings.show(&mut out)?),
        "admin reset-password" => {
            runtime()?.block_on(server::offline::reset_password(&settings, &mut out))
        }
        "access-key list" => {
            runtime()?.block_on(server::offline::list_access_keys(&settings, &mut out))
        }
        "access-key create" => {
            let key = matches.get_one::<String>("name").expect("clap demands a name");
            runtime()?.block_on(server::offline::create_access_key(&settings, key, &mut out))
        }
        "backup" => {
            runtime()?.block_on(server::offline::backup(&settings, directory(matches), &mut out))
        }
        "restore" => {
            runtime()?.block_on(server::offline::restore(&settings, directory(matches), &mut out))
        }
        other => anyhow::bail!("{other} is not a command"),
    }
}

fn directory(matches: &ArgMatches) -> &std::path::Path {
    matches.get_one::<PathBuf>("directory").expect("clap demands a directory")
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")
}
