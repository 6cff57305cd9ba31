//! Prometheus' text format, as far as a server's own counters and gauges need it.

#[derive(Debug, Default)]
pub(crate) struct Exposition {
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    name: String,
    /// As written between the braces.
    labels: String,
    value: f64,
}

impl Exposition {
    /// Comments, and lines of another shape, are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self { samples: lines.filter_map(sample).collect() }
    }

    /// The sum over all label sets; none when there is no such metric.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.sum(name, "")
    }

    /// The sum over the label sets that hold `label`, as in `signal="metrics"`.
    pub(crate) fn sum(&self, name: &str, label: &str) -> Option<f64> {
        let meant = |sample: &&Sample| sample.name == name && sample.labels.contains(label);
        self.samples.iter().filter(meant).map(|sample| sample.value).reduce(|sum, one| sum + one)
    }
}

fn sample(line: &str) -> Option<Sample> {
    // A label's value may hold blanks and braces: the last ones end the labels.
    let (name, labels, rest) = match line.split_once('{') {
        Some((name, rest)) => {
            let (labels, rest) = rest.rsplit_once('}')?;
            (name, labels, rest)
        }
        None => {
            let (name, rest) = line.split_once(' ')?;
            (name, "", rest)
        }
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Sample { name: name.to_owned(), labels: labels.to_owned(), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# HELP taken_total Taken.
# TYPE taken_total counter
taken_total{signal="traces",transport="http"} 7
taken_total{signal="metrics",transport="http"} 3
taken_total{signal="metrics",transport="gr} pc"} 2 1700000000000
journal_bytes 40
ratio 1.5e3
"#;

    #[test]
    fn samples_are_found_by_name_and_label() {
        let told = Exposition::parse(TEXT);
        assert_eq!(told.value("taken_total"), Some(12.0));
        assert_eq!(told.sum("taken_total", r#"signal="metrics""#), Some(5.0));
        assert_eq!((told.value("journal_bytes"), told.value("ratio")), (Some(40.0), Some(1500.0)));
    }

    #[test]
    fn what_is_not_there_is_none_and_not_nothing() {
        let told = Exposition::parse(TEXT);
        assert_eq!(told.value("taken"), None);
        assert_eq!(told.sum("taken_total", r#"signal="logs""#), None);
    }
}
