//! The one configuration that serves every series.

use super::math::log2;

/// What detection is tuned by. One set of values serves all series of all accounts: [`Config::default`], the product's.
///
/// `docs/accuracy.md` shows how scores move when each is halved and doubled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// How long the level remembers, minutes: four days, so that not even a long weekend becomes the norm.
    pub memory_minutes: f32,
    /// The fewest points that the level remembers, for series with steps of an hour.
    pub memory_points: f32,
    /// How many times as long the tails remember.
    pub tail_memories: f32,
    /// Weight of a point in the value that the next one is expected to continue.
    pub follow: f32,
    /// Points over which a burst is looked for.
    pub burst_points: f32,
    /// Points over which a drift is looked for.
    pub drift_points: f32,
    /// How many scales a point may move the level at most.
    pub winsor: f32,
    /// The index of every tail before anything was learnt.
    pub tail_index: f32,
    /// How many exceedances that first index is worth.
    pub tail_prior: f32,
    /// A season is believed when it leaves over at most this share of what the level leaves over.
    pub season_gain: f32,
    /// The least scale, as a share of the largest deviation that the tails remember.
    pub peak_floor: f32,
    /// The least scale, as a share of the smallest step that the series ever made: whole numbers are not judged by fractions.
    pub resolution_floor: f32,
    /// Surprise (−log₁₀ of a share of points) from which a point belongs to an episode.
    pub candidate: f32,
    /// What each surprising point adds to the surprise of those that come soon after it, as a share: what lasts is rarer than its
    /// most surprising point alone.
    pub lasting: f32,
    /// Over how many points that is remembered.
    pub lasting_points: f32,
    /// How many quiet minutes end an episode for good; until then the same is no news. Also what deviates for as long is an incident
    /// by itself, and its further points teach the tails less.
    pub rest_minutes: f32,
    /// The fewest points of the same.
    pub rest_points: f32,
    /// By how much rarer than what was told a deviation must be to be told within the same episode, log₁₀.
    pub repeat: f32,
    /// How long episodes are remembered, days.
    pub episode_days: f32,
    /// In how many days, before anything was seen, one episode is expected.
    pub episode_prior_days: f32,
    /// How many episodes the first guess of their size is worth.
    pub episode_prior: f32,
    /// Rarity from which a series with steps of a minute is in warning: log₁₀ of the minutes until it is expected to do the like
    /// again.
    pub warning: f32,
    /// Rarity from which it is critical.
    pub critical: f32,
    /// By how much both are lower for each tenfold step, log₁₀. A point of a longer step is the mean of more: what shows in it
    /// lasted that long. At 1 the same share of points would be told of, whatever the step; at 0 as many a week.
    pub step_ease: f32,
    /// How many minutes must deviate to open an anomaly: of the last three points, when steps are shorter than this.
    pub open_minutes: f32,
    /// How many calm minutes close it; never fewer than two points.
    pub close_minutes: f32,
    /// How many times as many close it again, each time that it came back within its episode; never more than end the episode.
    pub close_again: f32,
    /// Weight of learning while an anomaly is open, or what deviates has lasted.
    pub open_learning: f32,
    /// For how many points learning stays slowed at most; then a level that has settled is the new one.
    pub freeze_points: f32,
    /// Points and minutes before the first verdict.
    pub learning_points: f32,
    pub learning_minutes: f32,
    /// Until how many minutes after the first point bands are wider.
    pub settling_minutes: f32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            memory_minutes: 5760.0,
            memory_points: 400.0,
            tail_memories: 3.0,
            follow: 0.3,
            burst_points: 6.0,
            drift_points: 40.0,
            winsor: 4.0,
            tail_index: 0.3,
            tail_prior: 200.0,
            season_gain: 0.8,
            peak_floor: 0.01,
            resolution_floor: 0.5,
            candidate: 2.8,
            lasting: 0.15,
            lasting_points: 20.0,
            rest_minutes: 240.0,
            rest_points: 3.0,
            repeat: 2.0,
            episode_days: 14.0,
            episode_prior_days: 4.0,
            episode_prior: 10.0,
            // About twelve days and four months of a series of minutes; a day and a half and two weeks of one of hours.
            warning: 4.25,
            critical: 5.25,
            step_ease: 0.5,
            open_minutes: 2.0,
            close_minutes: 5.0,
            close_again: 4.0,
            open_learning: 0.5,
            freeze_points: 120.0,
            learning_points: 30.0,
            learning_minutes: 60.0,
            settling_minutes: 1440.0,
        }
    }
}

impl Config {
    /// By how much thresholds of rarity are lower for a series with steps of so many minutes.
    pub(super) fn eased(&self, step: f32) -> f32 {
        self.step_ease * std::f32::consts::LOG10_2 * log2(step.max(1.0))
    }
}

/// How much one entity's operators want to hear, and what they never want to hear of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sensitivity {
    /// Added to both thresholds: +0.5 asks for three times as rare, −0.5 for three times as common.
    pub rarity: f32,
    /// Deviations from what is expected smaller than this, in the series' unit, are never anomalous.
    pub min_deviation: f32,
    /// Response times and error shares of fewer calls than this in a step are never anomalous.
    pub min_calls: f32,
}

impl Default for Sensitivity {
    fn default() -> Sensitivity {
        Sensitivity { rarity: 0.0, min_deviation: 0.0, min_calls: 0.0 }
    }
}
