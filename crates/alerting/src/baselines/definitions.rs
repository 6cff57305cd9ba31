//! Which baselines an application has: four that it is born with, and its own.

use std::hash::{Hash, Hasher};

use analysis::baseline::{Calendar, Season};
use metadata_store::{
    BaselineWindow, Baselines as _, BaselinesOfAccount, MetadataStore, StoreError,
};
use model::{
    id::{AccountId, EntityId},
    time::{Minute, MinuteRange},
};

/// How a baseline is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    pub calendar: Calendar,
    pub season: Season,
    pub window: Window,
}

impl Hash for Baseline {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.calendar.name(), self.season, self.window).hash(state);
    }
}

/// What a baseline is learnt from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// The days before each hour.
    Rolling { days: u32 },
    /// A range of the past, whenever it is asked for.
    Fixed(MinuteRange),
}

/// A baseline that every application is born with.
#[derive(Clone, Copy, Debug)]
pub struct Factory {
    pub id: u32,
    pub name: &'static str,
    pub season: Season,
    pub days: u32,
}

/// The id of the default one.
pub const DAILY: u32 = 1;

/// Those of the reference, under its names.
pub const FACTORY: [Factory; 4] = [
    Factory { id: DAILY, name: "Daily Trend - Last 30 days", season: Season::Day, days: 30 },
    Factory { id: 2, name: "Weekly Trend - Last 3 months", season: Season::Week, days: 90 },
    Factory { id: 3, name: "Monthly Trend - Last 1 year", season: Season::Month, days: 365 },
    Factory { id: 4, name: "All data - Last 15 days", season: Season::None, days: 15 },
];

/// The number that a season is stored under.
pub fn season_number(season: Season) -> u8 {
    match season {
        Season::None => 0,
        Season::Day => 1,
        Season::Week => 2,
        Season::Month => 3,
    }
}

/// The season that is stored under a number.
pub fn season_of(number: u8) -> Option<Season> {
    [Season::None, Season::Day, Season::Week, Season::Month].get(usize::from(number)).copied()
}

/// As the reference writes it.
pub fn season_name(season: Season) -> &'static str {
    match season {
        Season::None => "NONE",
        Season::Day => "DAILY",
        Season::Week => "WEEKLY",
        Season::Month => "MONTHLY",
    }
}

/// The season of such a name.
pub fn season_of_name(name: &str) -> Option<Season> {
    let all = [Season::None, Season::Day, Season::Week, Season::Month];
    all.into_iter().find(|season| season_name(*season) == name)
}

/// A baseline of an application.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    pub id: u32,
    pub name: String,
    pub season: Season,
    pub window: Window,
    /// Every application has it, and it cannot be deleted.
    pub is_factory: bool,
    pub is_default: bool,
}

/// Which baseline of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice<'n> {
    Default,
    Id(u32),
    Name(&'n str),
}

/// All baselines of an account, as they were when they were loaded.
#[derive(Clone, Debug)]
pub struct Definitions {
    calendar: Calendar,
    set: BaselinesOfAccount,
}

impl Definitions {
    /// Reads what an account has set.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(
        store: &MetadataStore,
        account: AccountId,
    ) -> Result<Definitions, StoreError> {
        Ok(Definitions::of(store.baselines(account.0).await?))
    }

    /// Of what was set. A time zone that this version does not know is UTC.
    pub fn of(set: BaselinesOfAccount) -> Definitions {
        let zone = set.time_zone.as_deref().and_then(|name| Calendar::of(name).ok());
        Definitions { calendar: zone.unwrap_or_else(Calendar::utc), set }
    }

    /// The time zone that seasons go by.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The baselines of an application, its own last.
    pub fn of_application(&self, application: EntityId) -> Vec<Definition> {
        let factory = FACTORY.into_iter().map(|factory| Definition {
            id: factory.id,
            name: factory.name.to_owned(),
            season: factory.season,
            window: Window::Rolling { days: factory.days },
            is_factory: true,
            is_default: false,
        });
        let own = self.set.baselines.iter().filter(|own| own.application_id == application.0);
        let own = own.map(|own| Definition {
            id: own.id,
            name: own.name.clone(),
            season: season_of(own.season).unwrap_or(Season::None),
            window: match own.window {
                BaselineWindow::Rolling { days } => Window::Rolling { days },
                BaselineWindow::Fixed { from_ms, to_ms } => Window::Fixed(MinuteRange {
                    start: Minute::of_millis(from_ms),
                    end: Minute::of_millis(to_ms),
                }),
            },
            is_factory: false,
            is_default: false,
        });
        let mut all: Vec<Definition> = factory.chain(own).collect();
        let chosen = self.set.defaults.get(&application.0).copied().unwrap_or(DAILY);
        let default = all.iter().position(|one| one.id == chosen).unwrap_or(0);
        all[default].is_default = true;
        all
    }

    /// One of them, if there is such a one.
    pub fn find(&self, application: EntityId, choice: Choice<'_>) -> Option<Definition> {
        let is_chosen = |one: &Definition| match choice {
            Choice::Default => one.is_default,
            Choice::Id(id) => one.id == id,
            Choice::Name(name) => one.name == name,
        };
        self.of_application(application).into_iter().find(is_chosen)
    }

    /// How one of them is made; this is what [`Baselines::expected`](super::Baselines::expected) wants to know.
    pub fn baseline(&self, definition: &Definition) -> Baseline {
        let Definition { season, window, .. } = *definition;
        Baseline { calendar: self.calendar.clone(), season, window }
    }
}
