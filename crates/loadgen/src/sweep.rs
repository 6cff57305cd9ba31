//! How cost grows with load: along each axis one thing is varied, everything else stays as it is in the table. Each point
//! is an ordinary `loadgen bench` with an empty server of its own; a point that fails is a row that says so.

pub(crate) mod axis;
pub(crate) mod figures;
mod markdown;
mod plot;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use self::axis::{Axis, Point, Sizes};
use self::figures::Figures;
use crate::args::{SweepArgs, TableArgs};
use crate::machine::{Machine, today, version_of};
use crate::send::since;
use crate::suite::step::Row;
use crate::wall;

/// Everything measured, as the JSON file holds it.
#[derive(Debug, Serialize)]
pub(crate) struct Sweep {
    pub(crate) date: String,
    /// Of the server.
    pub(crate) version: String,
    pub(crate) machine: Machine,
    pub(crate) command: String,
    pub(crate) axes: Vec<Measured>,
}

/// One axis.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) axis: Axis,
    /// What is sent at every point.
    pub(crate) sent: String,
    pub(crate) points: Vec<MeasuredPoint>,
}

#[derive(Debug, Serialize)]
pub(crate) struct MeasuredPoint {
    /// In the axis' unit.
    pub(crate) at: f64,
    /// What the plots show; none when the bench failed.
    pub(crate) figures: Option<Figures>,
    #[serde(flatten)]
    pub(crate) row: Row,
}

/// What to sweep, and where.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    vedette: &'a Path,
    root: PathBuf,
    sizes: Sizes,
    axes: Vec<Axis>,
    command: String,
}

impl<'a> Plan<'a> {
    pub(crate) fn of(args: &'a SweepArgs) -> Self {
        let mut command = "loadgen sweep --vedette vedette".to_owned();
        command.push_str(if args.quick { " --quick" } else { "" });
        for axis in &args.axis {
            command.push_str(&format!(" --axis {}", axis.name()));
        }
        let axes = if args.axis.is_empty() { Axis::ALL.to_vec() } else { args.axis.clone() };
        Self::new(&args.vedette, args.data_root.as_deref(), args.quick, axes, command)
    }

    /// Beside a table, all of it.
    pub(crate) fn beside(args: &'a TableArgs) -> Self {
        let command = "loadgen sweep --vedette vedette".to_owned();
        let command = if args.quick { format!("{command} --quick") } else { command };
        let root = args.data_root.as_deref();
        Self::new(&args.vedette, root, args.quick, Axis::ALL.to_vec(), command)
    }

    fn new(
        vedette: &'a Path,
        root: Option<&Path>,
        quick: bool,
        axes: Vec<Axis>,
        command: String,
    ) -> Self {
        let root = root.map_or_else(std::env::temp_dir, Path::to_owned);
        let sizes = if quick { Sizes::QUICK } else { Sizes::WHOLE };
        Self { vedette, root, sizes, axes, command }
    }

    /// Runs all benches, telling of each as it begins and ends.
    pub(crate) async fn measure(&self, out: &mut dyn Write) -> Result<Sweep> {
        let mut sweep = Sweep {
            date: today(),
            version: version_of(self.vedette)?,
            machine: Machine::of(&self.root)?,
            command: self.command.clone(),
            axes: Vec::new(),
        };
        let all: usize = self.axes.iter().map(|axis| axis.points(&self.sizes).len()).sum();
        let (mut done, started) = (0, wall::instant());
        for axis in &self.axes {
            let mut points = Vec::new();
            for point in axis.points(&self.sizes) {
                writeln!(
                    out,
                    "\n== {} of {all}, {} {}: loadgen bench {}",
                    done + 1,
                    point.at,
                    axis.unit(),
                    point.step.arguments.join(" ")
                )?;
                points.push(self.point(point, out).await?);
                done += 1;
                let left_s = since(started).as_secs_f64() / done as f64 * (all - done) as f64;
                writeln!(out, "   about {:.0} min left", left_s / 60.0)?;
            }
            let sent = axis.sent(&self.sizes);
            sweep.axes.push(Measured { axis: *axis, sent, points });
        }
        Ok(sweep)
    }

    async fn point(&self, Point { at, step }: Point, out: &mut dyn Write) -> Result<MeasuredPoint> {
        let row = step.run(self.vedette, &self.root).await;
        let figures = row.report.as_ref().and_then(Figures::of);
        match &figures {
            Some(figures) => writeln!(out, "   {figures}")?,
            None => writeln!(out, "   FAILED: {}", row.error.as_deref().unwrap_or("no figures"))?,
        }
        for difference in row.report.iter().flat_map(|report| &report.differences) {
            writeln!(out, "   different: {difference}")?;
        }
        Ok(MeasuredPoint { at, figures, row })
    }
}

impl Sweep {
    pub(crate) fn good(&self) -> bool {
        self.axes.iter().flat_map(|axis| &axis.points).all(|point| point.row.good())
    }

    /// A plot of each axis, `sweep.json` and `sweep.md` into the folder, which is made where it is not there.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let write = |name: &str, text: &str| {
            let file = folder.join(name);
            std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
        };
        for measured in &self.axes {
            write(&measured.axis.file(), &plot::svg(&measured.chart())?)?;
        }
        write("sweep.json", &serde_json::to_string_pretty(self).context("cannot write JSON")?)?;
        write("sweep.md", &self.markdown())
    }
}
