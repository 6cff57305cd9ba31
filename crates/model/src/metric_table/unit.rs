//! Units of the metric tree, and how what agents send is turned into them.

/// The unit of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share of one, or CPU seconds a second, × 100.
    Percent,
    Millis,
    MillisPerMinute,
    Seconds,
    Megabytes,
    KilobytesPerSecond,
    PerSecond,
    PerMinute,
    Count,
}

impl Unit {
    /// As it is stored and shown.
    pub fn text(self) -> &'static str {
        match self {
            Unit::Percent => "%",
            Unit::Millis => "ms",
            Unit::MillisPerMinute => "ms/min",
            Unit::Seconds => "s",
            Unit::Megabytes => "MB",
            Unit::KilobytesPerSecond => "KB/s",
            Unit::PerSecond => "1/s",
            Unit::PerMinute => "1/min",
            Unit::Count => "1",
        }
    }

    /// By what a value of `metric`, sent in the unit `sent` (UCUM), is multiplied.
    pub fn factor(self, sent: &str, metric: &str) -> f64 {
        match self {
            Unit::Percent => match (sent, seconds(sent, metric)) {
                ("%", _) => 1.0,
                (_, Some(seconds)) => seconds * 100.0,
                _ => 100.0,
            },
            Unit::Millis | Unit::MillisPerMinute => seconds(sent, metric).unwrap_or(1.0) * 1000.0,
            Unit::Seconds => seconds(sent, metric).unwrap_or(1.0),
            Unit::Megabytes => bytes(sent) / (1024.0 * 1024.0),
            Unit::KilobytesPerSecond => bytes(sent) / 1024.0,
            Unit::PerSecond | Unit::PerMinute | Unit::Count => 1.0,
        }
    }
}

/// How many seconds one of a unit of time is. Some old metrics say their unit in their name only.
fn seconds(unit: &str, metric: &str) -> Option<f64> {
    match unit {
        "s" | "seconds" => Some(1.0),
        "ms" | "milliseconds" => Some(1e-3),
        "us" | "µs" | "microseconds" => Some(1e-6),
        "ns" | "nanoseconds" => Some(1e-9),
        _ if metric.ends_with("_ns") => Some(1e-9),
        _ => None,
    }
}

/// How many bytes one of a unit is. Bytes where it says nothing of use: Python sends bytes of swap as `pages`.
fn bytes(unit: &str) -> f64 {
    match unit {
        "KiBy" => 1024.0,
        "MiBy" => 1024.0 * 1024.0,
        "GiBy" => 1024.0 * 1024.0 * 1024.0,
        "kBy" => 1e3,
        "MBy" => 1e6,
        "GBy" => 1e9,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_agents_send_is_turned_into_the_units_of_the_tree() {
        let check = |unit: Unit, sent, metric, expected: f64| {
            assert!((unit.factor(sent, metric) / expected - 1.0).abs() < 1e-12, "{sent} {metric}");
        };
        check(Unit::Millis, "s", "jvm.gc.duration", 1000.0);
        check(Unit::Millis, "ms", "process.runtime.jvm.gc.duration", 1.0);
        check(Unit::MillisPerMinute, "ns", "process.runtime.dotnet.gc.duration", 1e-6);
        check(Unit::MillisPerMinute, "", "process.runtime.go.gc.pause_total_ns", 1e-6);
        check(Unit::Percent, "1", "jvm.cpu.recent_utilization", 100.0);
        check(Unit::Percent, "%", "x", 1.0);
        check(Unit::Percent, "s", "process.cpu.time", 100.0);
        check(Unit::Megabytes, "By", "x", 1.0 / 1_048_576.0);
        check(Unit::Megabytes, "MiBy", "x", 1.0);
        check(Unit::Megabytes, "pages", "system.swap.usage", 1.0 / 1_048_576.0);
        check(Unit::KilobytesPerSecond, "By", "x", 1.0 / 1024.0);
    }
}
