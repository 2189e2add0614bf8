//! Several calls to a service at a time.

use futures_util::{FutureExt, StreamExt, stream};

/// Makes a call for each item, `most` of them at a time; the responses stand in the order of the items.
///
/// Mostly there is one item or none, and its future, some kilobytes, then stays where it is: each use of
/// a stream would move it to the heap.
pub async fn concurrently<T, C: Future + Send>(
    items: Vec<T>,
    most: usize,
    call: impl Fn(T) -> C,
) -> Vec<C::Output> {
    if items.len() > 1 {
        return stream::iter(items).map(|item| call(item).boxed()).buffered(most).collect().await;
    }
    let mut responses = Vec::with_capacity(items.len());
    for item in items {
        responses.push(call(item).await);
    }
    responses
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn the_responses_stand_in_the_order_of_the_items_and_few_calls_are_open() {
        let (open, most_open) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let call = |item: usize| {
            let (open, most_open) = (&open, &most_open);
            async move {
                most_open.fetch_max(open.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                for _ in 0..10 - item {
                    yield_now().await;
                }
                open.fetch_sub(1, Ordering::Relaxed);
                item * 10
            }
        };
        assert_eq!(
            concurrently((0..10).collect(), 3, call).await,
            [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]
        );
        assert_eq!(most_open.load(Ordering::Relaxed), 3);
        assert_eq!(concurrently(vec![7], 3, call).await, [70]);
        assert!(concurrently(Vec::new(), 3, call).await.is_empty());
    }
}
