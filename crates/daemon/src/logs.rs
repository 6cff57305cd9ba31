//! The process's own log: lines on standard error, for people or as JSON.
//!
//! Installed once, by the binary; libraries only emit events. Where lines go and how long they are kept is the service
//! manager's business.

use std::io::IsTerminal;

use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::{LogFilter, LogFormat};

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The setting is not understood.
    #[error("log-level {filter} is not understood")]
    Filter {
        /// As it was set.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something else logs already.
    #[error("a log is installed already")]
    Installed(#[source] tracing_subscriber::util::TryInitError),
}

/// Sends events to standard error from now on; once per process.
pub fn install(filter: &LogFilter, format: LogFormat) -> Result<(), LogError> {
    let colours = std::io::stderr().is_terminal();
    let layer = layer(filter, format, colours, std::io::stderr)?;
    tracing_subscriber::registry().with(layer).try_init().map_err(LogError::Installed)
}

fn layer<W>(
    filter: &LogFilter,
    format: LogFormat,
    colours: bool,
    writer: W,
) -> Result<Box<dyn Layer<Registry> + Send + Sync>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse(filter.as_str())
        .map_err(|source| LogError::Filter { filter: filter.as_str().to_owned(), source })?;
    let layer = fmt::layer().with_writer(writer);
    Ok(match format {
        LogFormat::Text => layer.with_ansi(colours).with_filter(filter).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    })
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Arc};

    use parking_lot::Mutex;
    use tracing::{debug, info};

    use super::*;
    use crate::config::Settings;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, format: LogFormat) -> String {
        let flags = [("log-level".to_owned(), level.to_owned())];
        let settings = Settings::load(&flags, [], None).unwrap();
        let sink = Sink::default();
        let writer = sink.clone();
        let layer = layer(&settings.log_level, format, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            info!(segment = 7, "merged");
            debug!("detail");
        });
        String::from_utf8(sink.0.lock().clone()).unwrap()
    }

    #[test]
    fn text_lines_carry_level_module_message_and_fields() {
        let text = logged("info", LogFormat::Text);
        assert!(
            text.contains(" INFO daemon::logs::tests: merged segment=7\n")
                && !text.contains("detail"),
            "{text}"
        );
    }

    #[test]
    fn a_module_may_log_more_than_the_rest() {
        assert!(
            logged("warn,daemon::logs=debug", LogFormat::Text)
                .contains("DEBUG daemon::logs::tests: detail")
        );
        assert_eq!(logged("warn,other=debug", LogFormat::Text), "");
        assert_eq!(logged("off", LogFormat::Text), "");
    }

    #[test]
    fn json_is_one_object_a_line_with_the_fields_on_top() {
        let json = logged("debug", LogFormat::Json);
        assert_eq!(json.lines().count(), 2);
        let first = json.lines().next().unwrap();
        assert!(first.starts_with('{') && first.ends_with('}'), "{first}");
        assert!(
            first.contains("\"message\":\"merged\",\"segment\":7")
                && first.contains("\"level\":\"INFO\""),
            "{first}"
        );
    }
}
