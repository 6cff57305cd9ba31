//! The process's figures as values again, read from the text that the registry writes: the registry itself cannot be walked.
//! Only what that text may hold is understood (OpenMetrics 1.0, without exemplars and timestamps).

/// What a family's samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
    Other,
}

/// All samples of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Without the endings of its samples.
    pub name: String,
    pub help: String,
    pub kind: Kind,
    pub samples: Vec<Sample>,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What stands behind the family's name: `_total`, `_bucket`, `_sum`, `_count` or nothing.
    pub ending: String,
    pub labels: Vec<(String, String)>,
    pub value: f64,
}

impl Sample {
    /// The value of a label; empty where there is none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(label, _)| label == name).map_or("", |(_, value)| value)
    }
}

/// The families of a text; lines that cannot be read are left out.
pub(super) fn read(text: &str) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for line in text.lines() {
        if let Some(described) = line.strip_prefix("# HELP ") {
            let (name, help) = described.split_once(' ').unwrap_or((described, ""));
            families.push(Family {
                name: name.to_owned(),
                help: help.to_owned(),
                kind: Kind::Other,
                samples: Vec::new(),
            });
            continue;
        }
        let Some(family) = families.last_mut() else { continue };
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            family.kind = match typed.rsplit_once(' ') {
                Some((_, "counter")) => Kind::Counter,
                Some((_, "gauge")) => Kind::Gauge,
                Some((_, "histogram")) => Kind::Histogram,
                _ => Kind::Other,
            };
        } else if let Some(sample) = line.strip_prefix(&family.name).and_then(sample) {
            family.samples.push(sample);
        }
    }
    families
}

/// A line behind its family's name.
fn sample(line: &str) -> Option<Sample> {
    let head = line.find(['{', ' '])?;
    let (ending, rest) = line.split_at(head);
    let (labels, value) = match rest.strip_prefix('{') {
        Some(labelled) => labels(labelled)?,
        None => (Vec::new(), rest),
    };
    let value = value.split_whitespace().next()?.parse().ok()?;
    Some(Sample { ending: ending.to_owned(), labels, value })
}

/// Names and values up to the closing brace, and what stands behind it.
fn labels(mut text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        text = text.strip_prefix(',').unwrap_or(text);
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, quoted) = text.split_once("=\"")?;
        let (value, rest) = quoted_text(quoted)?;
        labels.push((name.to_owned(), value));
        text = rest;
    }
}

/// A text up to its closing quote, and what stands behind that.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use prometheus_client::{
        encoding::text::encode,
        metrics::{
            counter::Counter, family::Family as Counters, gauge::Gauge, histogram::Histogram,
        },
        registry::Registry,
    };

    use super::*;

    #[test]
    fn what_the_registry_writes_is_read_back() {
        let mut registry = Registry::default();
        let counters = Counters::<[(&str, &str); 2], Counter>::default();
        registry.register("refused", "Refused, \"all\" of it", counters.clone());
        let odd = "a value, with = and }";
        counters.get_or_create(&[("reason", odd), ("signal", "logs")]).inc_by(7);
        let gauge = Gauge::<i64>::default();
        registry.register("open", "Open", gauge.clone());
        gauge.set(-3);
        let seconds = Histogram::new([0.5, 2.0]);
        registry.register("took", "Took", seconds.clone());
        seconds.observe(1.5);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();

        let families = read(&text);
        let kinds: Vec<(&str, Kind)> =
            families.iter().map(|family| (family.name.as_str(), family.kind)).collect();
        let [counter, gauge, histogram] = [Kind::Counter, Kind::Gauge, Kind::Histogram];
        assert_eq!(kinds, [("refused", counter), ("open", gauge), ("took", histogram)]);
        let [refused] = &families[0].samples[..] else { panic!("{families:?}") };
        assert_eq!((refused.ending.as_str(), refused.value), ("_total", 7.0));
        assert_eq!((refused.label("reason"), refused.label("signal")), (odd, "logs"));
        assert_eq!(families[1].samples[0].value, -3.0);
        let lines: Vec<(&str, &str, f64)> = families[2]
            .samples
            .iter()
            .map(|line| (line.ending.as_str(), line.label("le"), line.value))
            .collect();
        let buckets = [("_bucket", "0.5", 0.0), ("_bucket", "2.0", 1.0), ("_bucket", "+Inf", 1.0)];
        assert_eq!(
            lines,
            [("_sum", "", 1.5), ("_count", "", 1.0), buckets[0], buckets[1], buckets[2]]
        );
    }

    #[test]
    fn what_is_escaped_in_a_label_is_read_as_it_was() {
        let line = r#"x_total{of="a \"quoted\"\nline, with \\ and }",by=""} 1"#;
        let text = format!("# HELP x X.\n# TYPE x counter\n{line}\n# EOF\n");
        let families = read(&text);
        assert_eq!(families[0].samples[0].label("of"), "a \"quoted\"\nline, with \\ and }");
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for line in ["", "x", "x_total", "x_total one", "x{a=\"b 1", "x{a} 1", "y 1"] {
            let text = format!("# HELP x X.\n# TYPE x counter\n{line}\n# EOF\n");
            assert_eq!(read(&text)[0].samples, [], "{line}");
        }
        assert_eq!(read("x_total 1\n"), []);
    }
}
