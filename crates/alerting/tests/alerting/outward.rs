//! What a notice may reach, and what nobody may see.

use metadata_store::{Deliveries as _, DeliveryFilter, DeliveryState, FIRST_ACCOUNT};

use crate::office::{Office, Receiver};

async fn delivered(office: &Office, allowed: &str) -> metadata_store::Delivery {
    office.event("POLICY_OPEN_CRITICAL", 1).await;
    office.notifier_that_may(allowed).step().await.unwrap();
    office.pass(60);
    office.notifier_that_may(allowed).step().await.unwrap();
    let all = DeliveryFilter { account_id: FIRST_ACCOUNT, ..DeliveryFilter::default() };
    office.store.deliveries(&all, 0, 1).await.unwrap().remove(0)
}

#[tokio::test]
async fn nothing_goes_inside_unless_it_is_allowed() {
    for url in
        ["http://127.0.0.1:PORT/", "http://localhost:PORT/", "http://[::ffff:127.0.0.1]:PORT/"]
    {
        let office = Office::open().await;
        let action = office.action(url, &[("token", "t")]).await;
        office.policy(action).await;
        let one = delivered(&office, "10.0.0.0/8").await;
        assert_eq!(one.state, DeliveryState::GaveUp, "{url}");
        assert!(one.log.contains("notice-allow"), "{}", one.log);
        assert!(office.receiver.bodies().is_empty(), "{url}");
    }
}

#[tokio::test]
async fn a_redirect_is_checked_like_the_first_address() {
    let office = Office::open().await;
    let action = office.action("http://127.0.0.1:PORT/", &[("token", "t")]).await;
    office.policy(action).await;
    office.receiver.answer(
        "307 Temporary Redirect",
        "location: http://169.254.169.254/latest/\r\n",
        "",
    );
    let one = delivered(&office, "127.0.0.1").await;
    assert_eq!(one.state, DeliveryState::GaveUp);
    assert!(one.log.contains("metadata") && one.log.contains("169.254.169.254"), "{}", one.log);
}

#[tokio::test]
async fn a_redirect_takes_no_secret_to_another_host() {
    for (body, arrives) in [("{{ title }}", true), ("{{ title }} {{ secrets.token }}", false)] {
        let office = Office::open().await;
        let url = "http://127.0.0.1:PORT/";
        let action = office.action_saying(body, url, &[("token", "planted")]).await;
        office.policy(action).await;
        let elsewhere = Receiver::start().await;
        let location = format!("location: http://127.0.0.1:{}/\r\n", elsewhere.port);
        office.receiver.answer("308 Permanent Redirect", &location, "");
        let one = delivered(&office, "127.0.0.1").await;
        assert_eq!(one.state == DeliveryState::Delivered, arrives, "{}", one.log);
        assert_eq!(elsewhere.bodies().len(), usize::from(arrives));
        assert!(!elsewhere.got.lock().unwrap().join("").contains("planted"));
        assert_eq!(one.log.contains("enter the new address"), !arrives, "{}", one.log);
    }
}

#[tokio::test]
async fn what_is_secret_is_in_no_log_though_the_receiver_says_it_back() {
    let office = Office::open().await;
    let secrets = [("token", "planted-in-header"), ("path", "planted-in-path")];
    let url = "http://127.0.0.1:PORT/{{ secrets.path }}?k={{ secrets.token }}";
    let action = office.action(url, &secrets).await;
    office.policy(action).await;
    office.receiver.answer(
        "400 Bad Request",
        "",
        "no such hook: planted-in-path, planted-in-header",
    );
    let one = delivered(&office, "127.0.0.1").await;
    let got = office.receiver.got.lock().unwrap().join("\n");
    assert!(got.contains("/planted-in-path?k=planted-in-header"), "{got}");
    assert!(got.contains("x-token: planted-in-header"), "{got}");
    assert_eq!(one.state, DeliveryState::GaveUp, "it would be refused again");
    assert!(one.log.contains("no such hook: •••, •••"), "{}", one.log);
    assert!(!format!("{one:?}").contains("planted"), "{one:?}");
}
