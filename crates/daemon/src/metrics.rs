//! What the process says about itself to Prometheus: one registry that each subsystem registers its figures in, and the
//! figures every process has.

mod process;
mod samples;

use prometheus_client::{encoding::text::encode, registry::Registry};

pub use process::ProcessUsage;
pub use samples::{Family, Kind, Sample};

/// The content type of [`Metrics::render`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All figures of a process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// The process's own figures; others are added through [`Metrics::registry`] with the prefix `vedette_`.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Collector));
        Self { registry }
    }

    /// Where a subsystem registers its figures, at start-up; names get the prefix `vedette_`.
    pub fn registry(&mut self) -> &mut Registry {
        self.registry.sub_registry_with_prefix("vedette")
    }

    /// All figures as they are now, in the OpenMetrics text format, of the type [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes everything that is written to it");
        text
    }

    /// The same as values.
    pub fn samples(&self) -> Vec<Family> {
        samples::read(&self.render())
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[test]
    fn figures_of_subsystems_carry_the_prefix_and_change_as_they_count() {
        let mut metrics = Metrics::new();
        let spans = Counter::<u64>::default();
        metrics.registry().register("spans", "Spans taken in", spans.clone());
        spans.inc_by(3);
        assert!(metrics.render().contains("\nvedette_spans_total 3\n"));
        spans.inc();
        assert!(metrics.render().contains("\nvedette_spans_total 4\n"));
    }

    #[test]
    fn two_subsystems_may_register_one_after_the_other() {
        let mut metrics = Metrics::new();
        metrics.registry().register("a", "A", Counter::<u64>::default());
        metrics.registry().register("b", "B", Counter::<u64>::default());
        let text = metrics.render();
        assert!(text.contains("vedette_a_total 0") && text.contains("vedette_b_total 0"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn the_process_tells_memory_processor_time_and_open_files() {
        let text = Metrics::new().render();
        let figure = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
            line.unwrap_or_else(|| panic!("no {name} in {text}"))
                .rsplit(' ')
                .next()
                .unwrap()
                .parse()
                .unwrap()
        };
        assert!(figure("process_resident_memory_bytes") > 1e6);
        assert!(figure("process_cpu_seconds_total") >= 0.0);
        assert!(figure("process_open_fds") >= 3.0);
        assert!(figure("process_max_fds") >= figure("process_open_fds"));
        assert!(figure("process_threads") >= 1.0);
        assert!(figure("process_start_time_seconds") > 1.7e9);
    }
}
