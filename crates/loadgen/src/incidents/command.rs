//! `loadgen incidents`: runs seed by seed and writes what came of each.

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::arguments::IncidentsArgs;
use super::chance::{Purpose, chance};
use super::fault::Kind;
use super::layout::Layout;
use super::run::{self, Plan};
use super::send::send;
use super::simulation::Step;
use super::stream::Stream;
use super::world::{self, World};
use crate::commands::until_stopped;
use crate::send::since;
use crate::wall;

const BUFFER: usize = 1 << 20;
const ZSTD_LEVEL: i32 = 1;

pub(crate) fn incidents(args: &IncidentsArgs, out: &mut dyn Write) -> Result<()> {
    if args.list {
        return list(out);
    }
    let (plan, tiers, seeds) = (args.plan()?, args.tiers()?, args.seeds()?);
    if args.otlp.is_some() {
        return until_stopped(send(args, &plan, system(args.one_seed(), tiers), out));
    }
    let folder = args.out()?;
    if folder.as_os_str() == "-" {
        ensure!(seeds.start() == seeds.end(), "--out - takes one --seed");
        return to_stdout(*seeds.start(), tiers, &plan, out);
    }
    for seed in seeds {
        let began = wall::instant();
        let world = system(seed, tiers);
        let truth = to_folder(
            &world,
            &plan,
            &folder.join(format!("seed-{seed}")),
            args.plain,
            &mut |_| Ok(()),
        )?;
        let (tier_minutes, took) = (world.tiers.len() as u64 * plan.minutes, since(began));
        let rate = tier_minutes as f64 / took.as_secs_f64();
        writeln!(
            out,
            "seed {seed}: {} tiers, {} minutes, {} in {:.1} s, {rate:.0} tier-minutes a second",
            world.tiers.len(),
            plan.minutes,
            kinds(&truth),
            took.as_secs_f64(),
        )?;
    }
    Ok(())
}

fn list(out: &mut dyn Write) -> Result<()> {
    for kind in Kind::ALL {
        let class = json!(kind.class());
        writeln!(out, "{:<20} {:<7} {}", kind.name(), class.as_str().unwrap_or(""), kind.about())?;
    }
    Ok(())
}

/// The system of this seed.
pub(super) fn system(seed: u64, tiers: Option<usize>) -> World {
    let drawn = || chance(seed, Purpose::Build, 1, 0).within_log(10.0, 60.0).round() as usize;
    world::build(seed, tiers.unwrap_or_else(drawn))
}

pub(super) fn kinds(truth: &Value) -> String {
    let incidents = truth["incidents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = incidents.iter().filter_map(|one| one["kind"].as_str()).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn to_stdout(seed: u64, tiers: Option<usize>, plan: &Plan, out: &mut dyn Write) -> Result<()> {
    let world = system(seed, tiers);
    let layout = Layout::of(&world);
    let stream = Stream::new(&world, &layout, Box::new(BufWriter::with_capacity(BUFFER, out)));
    let (mut stream, mut truth) = run::run(&world, &layout, plan, stream, &mut |_| Ok(()))?;
    truth["type"] = json!("truth");
    stream.write(&truth)?;
    stream.finish()
}

/// Sees each minute.
pub(super) type Watch<'a> = &'a mut dyn FnMut(&Step) -> Result<()>;

/// Writes a run's files, and returns its truth.
pub(super) fn to_folder(
    world: &World,
    plan: &Plan,
    folder: &Path,
    plain: bool,
    watch: Watch<'_>,
) -> Result<Value> {
    create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let name = folder.join(if plain { "minutes.jsonl" } else { "minutes.jsonl.zst" });
    let file = File::create(&name).with_context(|| format!("cannot write {}", name.display()))?;
    let layout = Layout::of(world);
    let truth = if plain {
        minutes(world, &layout, plan, Box::new(BufWriter::with_capacity(BUFFER, file)), watch)?
    } else {
        let mut encoder = zstd::Encoder::new(file, ZSTD_LEVEL).context("cannot compress")?;
        let truth = {
            let buffered = BufWriter::with_capacity(BUFFER, &mut encoder);
            minutes(world, &layout, plan, Box::new(buffered), watch)?
        };
        encoder.finish().with_context(|| format!("cannot write {}", name.display()))?;
        truth
    };
    let name = folder.join("truth.json");
    let text = format!("{truth:#}\n");
    std::fs::write(&name, text).with_context(|| format!("cannot write {}", name.display()))?;
    Ok(truth)
}

fn minutes<'a>(
    world: &'a World,
    layout: &'a Layout,
    plan: &Plan,
    out: Box<dyn Write + 'a>,
    watch: Watch<'_>,
) -> Result<Value> {
    let stream = Stream::new(world, layout, out);
    let (stream, truth) = run::run(world, layout, plan, stream, watch)?;
    stream.finish()?;
    Ok(truth)
}
