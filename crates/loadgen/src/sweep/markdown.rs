//! The sweep as Markdown, for a documentation page, and what its plots show.

use super::figures::Figures;
use super::plot::{Chart, Line, Panel};
use super::{Measured, MeasuredPoint, Sweep};
use crate::suite::markdown::{figures, grouped, measured_by, table};

impl Sweep {
    /// A page of its own, beside the plots.
    pub(crate) fn markdown(&self) -> String {
        let heading = measured_by(&self.date, &self.version, &self.command, &self.machine);
        format!("# How cost grows\n\n{heading}{}", self.sections("."))
    }

    /// Plot and table of each axis; the plots are in that folder.
    pub(crate) fn sections(&self, plots: &str) -> String {
        let sections = self.axes.iter().map(|measured| measured.section(plots));
        sections.collect::<Vec<_>>().join("\n")
    }
}

impl Measured {
    fn section(&self, plots: &str) -> String {
        let (title, file) = (self.axis.title(), self.axis.file());
        let unit = self.axis.unit();
        let alternative = format!("CPU, memory, bytes on disk and times of answers by {unit}");
        let (sent, table) = (&self.sent, self.table());
        format!(
            "## {title}\n\nAt each point: {sent}.\n\n![{alternative}]({plots}/{file})\n\n{table}"
        )
    }

    fn table(&self) -> String {
        let item = self.axis.item();
        let mut head = vec![
            self.axis.unit().to_owned(),
            format!("CPU, µs a {item}"),
            format!("{item}s/s per core"),
            "peak memory, MiB".to_owned(),
            format!("bytes a {item} on disk"),
        ];
        let answers: Vec<&str> = self.labels();
        head.extend(answers.iter().map(|label| format!("{label}, p95 ms")));
        head.extend(["figures", "measured by"].map(str::to_owned));
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        table(&head, self.points.iter().map(MeasuredPoint::cells))
    }

    fn labels(&self) -> Vec<&'static str> {
        let mut figures = self.points.iter().filter_map(|point| point.figures.as_ref());
        let answers = figures.next().map(|figures| &figures.answers_ms);
        answers.into_iter().flatten().map(|(label, _)| *label).collect()
    }

    pub(super) fn chart(&self) -> Chart {
        let item = self.axis.item();
        let values = |of: &dyn Fn(&Figures) -> Option<f64>| -> Vec<Option<f64>> {
            self.points.iter().map(|point| of(point.figures.as_ref()?)).collect()
        };
        let one = |title: String, of: &dyn Fn(&Figures) -> Option<f64>| Panel {
            title,
            lines: vec![Line { label: "", values: values(of) }],
        };
        let answer = |(place, label): (usize, &'static str)| Line {
            label,
            values: values(&|figures| figures.answers_ms[place].1),
        };
        Chart {
            title: self.axis.title(),
            at: self.points.iter().map(|point| point.at).collect(),
            unit: self.axis.unit(),
            panels: [
                one(format!("CPU, µs a {item}"), &|figures| Some(figures.cpu_us)),
                one("Peak memory, MiB".to_owned(), &|figures| Some(figures.peak_mib)),
                one(format!("On disk, bytes a {item}"), &|figures| figures.disk_bytes),
                Panel {
                    title: "Answers, p95, ms".to_owned(),
                    lines: self.labels().into_iter().enumerate().map(answer).collect(),
                },
            ],
        }
    }
}

impl MeasuredPoint {
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![grouped(self.at)];
        let Some(measured) = &self.figures else {
            let error = self.row.error.as_deref().unwrap_or("no figures");
            cells.push(format!("FAILED: {error}"));
            return cells;
        };
        let told =
            |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.1}"));
        cells.extend([
            format!("{:.2}", measured.cpu_us),
            grouped(measured.per_core_second),
            format!("{:.0}", measured.peak_mib),
            told(measured.disk_bytes),
        ]);
        cells.extend(measured.answers_ms.iter().map(|(_, ms)| told(*ms)));
        let load = self.row.report.as_ref().and_then(|report| report.load.as_ref());
        cells.push(load.map_or_else(String::new, figures));
        cells.push(format!("`{}`", self.row.command));
        cells
    }
}
