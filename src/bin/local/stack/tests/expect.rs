//! Orders wait for their next step, and a minute is a second.

use super::*;

const ACCEPTED: &str = "created platform ubereats -> accepted in 4 min";

/// A stack that expects this.
fn expecting(expect: &str) -> Arc<Stack> {
    let stack = start();
    set_expect(&stack, expect);
    stack
}

fn set_expect(stack: &Stack, expect: &str) {
    stack.set_settings(json!({ "expect": expect }).as_object().unwrap()).unwrap();
}

impl Stack {
    async fn accept_it(self: &Arc<Self>, order: &str) -> Vec<EventId> {
        let fields = json!({ "order": order });
        self.accept(fields.as_object().unwrap()).await.unwrap().events
    }

    /// The texts of the messages about steps.
    fn about_steps(&self) -> Vec<String> {
        let texts = self.messages().into_iter().map(|(text, _)| text);
        texts.filter(|text| text.starts_with(['⏰', '✅'])).collect()
    }

    fn life(&self, id: EventId) -> Value {
        self.network.observer.life(id).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_no_one_accepts_is_shown_after_four_seconds_and_once_more_when_it_is_accepted()
 {
    let stack = expecting(ACCEPTED);
    let (answer, order) = stack.order_unaccepted().await.unwrap();
    let [created, awaited] = answer.events[..] else { panic!("{answer:?}") };
    sleep(Duration::from_millis(3_900)).await;
    assert_eq!(stack.about_steps(), [""; 0]);
    stack.until(Duration::from_secs(2), |stack| !stack.about_steps().is_empty()).await;
    let warning = format!("⏰ Order {order}: not accepted for 4 minutes");
    assert!(stack.about_steps()[0].starts_with(&warning), "{:?}", stack.about_steps());

    let line = json!([[1, ACCEPTED]]);
    assert_eq!(
        (&stack.life(created)["expected"], &stack.life(awaited)["expected"]),
        (&line, &line)
    );
    assert_eq!(stack.life(awaited)["kind"], "overdue");
    assert_eq!(stack.steps(awaited), ["expected", "leased", "posted", "marked"]);
    assert_eq!(stack.details(awaited)[0], json!(["overdue in", 4]));

    sleep(Duration::from_secs(3)).await;
    let accepted = stack.accept_it(&order).await;
    stack.until(Duration::from_secs(5), |stack| stack.about_steps().len() == 2).await;
    let late = format!("✅ Order {order} accepted after 7 minutes");
    assert!(stack.about_steps()[1].starts_with(&late), "{:?}", stack.about_steps());
    stack.until(Duration::from_secs(20), |stack| stack.number("waiting") == 0).await;
    let came_late = stack.life(accepted[1]);
    assert_eq!((&came_late["kind"], &came_late["expected"]), (&json!("came_late"), &line));
    assert_eq!(came_late["steps"][0]["what"], "came late");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_accepted_in_time_needs_no_message() {
    let stack = expecting(ACCEPTED);
    let (answer, order) = stack.order_unaccepted().await.unwrap();
    sleep(Duration::from_secs(2)).await;
    stack.accept_it(&order).await;
    stack.until(Duration::from_secs(20), |stack| stack.number("waiting") == 0).await;
    assert_eq!(stack.about_steps(), [""; 0]);
    let awaited = answer.events[1];
    assert_eq!(stack.steps(awaited).last().unwrap(), "left out");
    assert_eq!(stack.details(awaited).last().unwrap(), &json!(["not awaited"]));
    assert_eq!((stack.number("shown"), stack.number("left_out")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_sample_counts_from_its_arrival() {
    let stack = expecting(ACCEPTED);
    stack.sample("ubereats-created").await.unwrap();
    stack.until(Duration::from_secs(6), |stack| !stack.about_steps().is_empty()).await;
    assert!(stack.about_steps()[0].contains(": not accepted for 4 minutes"));
}

/// What is due later than the next minute is in the table until the schedule's event.
#[tokio::test(start_paused = true)]
async fn the_schedule_finds_what_is_due_later() {
    let stack = expecting("created -> delivered in 3 h, mention here, to kitchen");
    let order = json!({"event_type": "order_created", "order_id": "A-1"});
    stack.send(&order).await;
    sleep(Duration::from_secs(100)).await;
    assert_eq!(stack.number("accepted"), 1);
    stack.until(Duration::from_mins(2), |stack| !stack.about_steps().is_empty()).await;
    assert!(stack.about_steps()[0].starts_with("⏰ Order A-1: not delivered for 3 hours"));
    let message = stack.network.observer.messages().pop().unwrap();
    assert_eq!(message["channel"], "kitchen");
    let life = stack.life(message["events"][0].as_u64().unwrap());
    assert_eq!(life["rules"], json!([]), "the line of EXPECT decides, and no rule");
}

#[tokio::test(start_paused = true)]
async fn without_a_line_nothing_is_awaited_and_the_schedule_rests() {
    let stack = expecting("");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(stack.invocations.load(Ordering::Relaxed), 0);
    let (answer, _) = stack.order_unaccepted().await.unwrap();
    assert_eq!(answer.events.len(), 1);
    assert_eq!(stack.life(answer.events[0])["expected"], json!([]));
}
