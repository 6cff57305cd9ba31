use super::*;

fn minute(utc: &str) -> Minute {
    let at: Timestamp = utc.parse().expect("it is a time");
    Minute(u32::try_from(at.as_second() / 60).expect("it is after 1970"))
}

fn text(minute: Minute) -> String {
    Timestamp::from_second(i64::from(minute.0) * 60).expect("it is a time").to_string()
}

fn calendar(name: &str) -> Calendar {
    Calendar::of(name).expect("there is such a zone")
}

#[track_caller]
fn check(zone: &str, season: Season, utc: &str, slot: u16) {
    assert_eq!(calendar(zone).slot(season, minute(utc)), slot, "{zone} {season:?} {utc}");
}

/// Hours of a day of UTC that lie in the day as `at` does.
fn like(zone: &str, at: &str, from: &str, to: &str) -> Vec<String> {
    let window = MinuteRange { start: minute(from), end: minute(to) };
    let found = calendar(zone).like(Season::Day, minute(at), window);
    found.into_iter().map(text).collect()
}

#[test]
fn an_hour_has_its_place_in_day_week_and_month() {
    // A Saturday.
    let at = "2026-11-28T03:16:00Z";
    check("UTC", Season::None, at, 0);
    check("UTC", Season::Day, at, 3);
    check("UTC", Season::Week, at, 5 * 24 + 3);
    check("UTC", Season::Month, at, 27 * 24 + 3);
    // It is Friday evening in New York.
    check("America/New_York", Season::Day, at, 22);
    check("America/New_York", Season::Week, at, 4 * 24 + 22);
    check("America/New_York", Season::Month, at, 26 * 24 + 22);
}

#[test]
fn nine_o_clock_stays_nine_o_clock_when_clocks_go_forward() {
    // Central European Summer Time began on 29 March 2026 at 01:00 UTC.
    let nine = like(
        "Europe/Berlin",
        "2026-03-30T07:00:00Z",
        "2026-03-28T00:00:00Z",
        "2026-03-31T00:00:00Z",
    );
    assert_eq!(nine, ["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"]);
    // 02:00 to 03:00 did not happen on that day.
    let two = like(
        "Europe/Berlin",
        "2026-03-30T00:00:00Z",
        "2026-03-28T00:00:00Z",
        "2026-03-31T00:00:00Z",
    );
    assert_eq!(two, ["2026-03-28T01:00:00Z", "2026-03-30T00:00:00Z"]);
}

#[test]
fn the_hour_that_comes_twice_when_clocks_go_back_has_two_hours() {
    // It ended on 25 October 2026 at 01:00 UTC.
    let two = like(
        "Europe/Berlin",
        "2026-10-26T01:30:00Z",
        "2026-10-24T00:00:00Z",
        "2026-10-27T00:00:00Z",
    );
    let found = [
        "2026-10-24T00:00:00Z",
        "2026-10-25T00:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-10-26T01:00:00Z",
    ];
    assert_eq!(two, found);
}

#[test]
fn half_an_hour_of_daylight_saving_moves_an_hour_by_none() {
    // Lord Howe Island is 10:30 ahead of UTC, from 4 October 2026 on 11:00. Nine o'clock begins at 22:30 and at 22:00.
    let nine = like(
        "Australia/Lord_Howe",
        "2026-10-05T22:00:00Z",
        "2026-10-01T00:00:00Z",
        "2026-10-06T00:00:00Z",
    );
    let found = [
        "2026-10-01T23:00:00Z",
        "2026-10-02T23:00:00Z",
        "2026-10-03T22:00:00Z",
        "2026-10-04T22:00:00Z",
        "2026-10-05T22:00:00Z",
    ];
    assert_eq!(nine, found);
    // Back on 5 April 2026: no hour of roll-ups belongs to two hours of the day, and each belongs to one.
    let zone = calendar("Australia/Lord_Howe");
    let window =
        MinuteRange { start: minute("2026-04-03T13:00:00Z"), end: minute("2026-04-06T13:00:00Z") };
    let slots: Vec<u16> = hours_in(window).map(|hour| zone.slot(Season::Day, hour)).collect();
    let mut counted = [0; 24];
    slots.iter().for_each(|slot| counted[usize::from(*slot)] += 1);
    assert_eq!(slots.len(), 72);
    assert!(counted.iter().all(|count| (2..=4).contains(count)), "{counted:?}");
}

#[test]
fn a_zone_without_daylight_saving_has_one_hour_a_day_all_year() {
    for zone in ["UTC", "Asia/Kolkata", "America/Phoenix", "Asia/Kathmandu"] {
        let zone = calendar(zone);
        let year = MinuteRange {
            start: minute("2026-01-01T00:00:00Z"),
            end: minute("2027-01-01T00:00:00Z"),
        };
        let found = zone.like(Season::Day, minute("2026-06-01T12:00:00Z"), year);
        assert_eq!(found.len(), 365, "{zone:?}");
        assert!(found.windows(2).all(|two| two[1].0 - two[0].0 == 1440), "{zone:?}");
    }
}

#[test]
fn a_day_that_a_month_lacks_has_no_hours_in_it() {
    let window =
        MinuteRange { start: minute("2026-01-01T00:00:00Z"), end: minute("2027-01-01T00:00:00Z") };
    let found = Calendar::utc().like(Season::Month, minute("2026-01-31T10:00:00Z"), window);
    assert_eq!(found.len(), 7);
    let window =
        MinuteRange { start: minute("2026-01-01T00:30:00Z"), end: minute("2026-01-01T02:30:00Z") };
    assert_eq!(hours_in(window).map(text).collect::<Vec<_>>(), ["2026-01-01T01:00:00Z"]);
}

#[test]
fn names_are_those_of_the_tz_database() {
    assert_eq!(calendar("Europe/Berlin").name(), "Europe/Berlin");
    assert_eq!(Calendar::of("Europe/Atlantis"), Err(UnknownZone("Europe/Atlantis".to_owned())));
    assert!(Calendar::of("").is_err());
    let names = Calendar::names();
    assert!(names.len() > 300 && names.iter().all(|name| Calendar::of(name).is_ok()));
}

proptest::proptest! {
    #[test]
    fn every_hour_of_any_zone_has_one_slot_of_its_season(
        zone in 0usize..400, hour in 0u32..700_000, offset in 0u32..60,
    ) {
        let names = Calendar::names();
        let zone = calendar(&names[zone % names.len()]);
        for season in [Season::None, Season::Day, Season::Week, Season::Month] {
            let slot = zone.slot(season, Minute(hour * 60));
            proptest::prop_assert!(slot < Calendar::slots(season));
            proptest::prop_assert_eq!(zone.slot(season, Minute(hour * 60 + offset)), slot);
        }
    }
}

#[test]
fn a_day_begins_at_midnight_of_its_zone_or_where_that_is_left_out_as_soon_as_it_does() {
    let check = |zone: &str, at: &str, expected: &str| {
        assert_eq!(text(calendar(zone).midnight(minute(at))), expected, "{zone} {at}");
    };
    check("UTC", "2026-11-28T23:59:00Z", "2026-11-28T00:00:00Z");
    check("Europe/Berlin", "2026-11-28T23:59:00Z", "2026-11-28T23:00:00Z");
    check("America/New_York", "2026-11-28T03:16:00Z", "2026-11-27T05:00:00Z");
    // The longer day of autumn, after its clocks were set back.
    check("Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z");
    // In Beirut clocks go from 00:00 on to 01:00: 29 March 2026.
    check("Asia/Beirut", "2026-03-29T09:00:00Z", "2026-03-28T22:00:00Z");
}
