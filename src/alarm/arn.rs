//! An alarm's ARN, and the alarm's page in the CloudWatch console.

use url::Url;

use crate::infra::percent::encoded;

/// The parts of an alarm's ARN, each of them valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    partition: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) name: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads `arn:aws:cloudwatch:<region>:<account>:alarm:<name>`. The samples of AWS's own pages have
    /// blanks between the parts.
    pub(super) fn parse(arn: &'a str) -> Option<Self> {
        let parts: Vec<_> = arn.splitn(7, ':').map(str::trim).collect();
        let ["arn", partition, "cloudwatch", region, account, "alarm", name] = parts[..] else {
            return None;
        };
        let is_partition = partition == "aws" || partition.starts_with("aws-");
        let is_valid = is_partition && is_region(region) && is_account(account) && !name.is_empty();
        is_valid.then_some(Self { partition, region, account, name })
    }

    /// The ARN without the name: the same for all alarms of the account and region.
    pub(super) fn prefix(&self) -> String {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:")
    }

    /// The alarm's page, if the console's host is known for the partition.
    pub(super) fn console(&self) -> Option<Url> {
        let host = match self.partition {
            "aws" => "console.aws.amazon.com",
            "aws-cn" => "console.amazonaws.cn",
            "aws-us-gov" => "console.amazonaws-us-gov.com",
            _ => return None,
        };
        let (region, name) = (self.region, encoded(self.name));
        let page = format!("cloudwatch/home?region={region}#alarmsV2:alarm/{name}");
        Url::parse(&format!("https://{region}.{host}/{page}")).ok()
    }
}

/// Such as `eu-central-1`. The longest region names have 16 characters.
fn is_region(text: &str) -> bool {
    let is_word = |word: &str| {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        !word.is_empty() && word.bytes().all(is_plain)
    };
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(is_word)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn console(arn: &str) -> Option<String> {
        Arn::parse(arn).unwrap().console().map(String::from)
    }

    #[test]
    fn every_partition_has_its_console() {
        assert_eq!(
            console("arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:tea-errors").unwrap(),
            "https://ap-northeast-2.console.aws.amazon.com/cloudwatch/home\
             ?region=ap-northeast-2#alarmsV2:alarm/tea-errors"
        );
        assert_eq!(
            console("arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:a").unwrap(),
            "https://cn-north-1.console.amazonaws.cn/cloudwatch/home\
             ?region=cn-north-1#alarmsV2:alarm/a"
        );
        assert_eq!(
            console("arn:aws-us-gov:cloudwatch:us-gov-west-1:123456789012:alarm:a").unwrap(),
            "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home\
             ?region=us-gov-west-1#alarmsV2:alarm/a"
        );
        assert_eq!(console("arn:aws-moon:cloudwatch:moon-1:123456789012:alarm:a"), None);
    }

    #[test]
    fn a_name_cannot_end_its_part_of_the_link() {
        let link =
            console("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a b:<c>|d/é?#%&").unwrap();
        let (_, name) = link.split_once("#alarmsV2:alarm/").unwrap();
        assert_eq!(name, "a%20b%3A%3Cc%3E%7Cd%2F%C3%A9%3F%23%25%26");
    }

    #[test]
    fn blanks_between_the_parts_are_ignored() {
        let arn = Arn::parse("arn:aws:cloudwatch:eu-west-1: 123456789012:alarm:a").unwrap();
        assert_eq!(arn.account, "123456789012");
        assert_eq!(arn.prefix(), "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:");
    }

    #[test]
    fn what_only_looks_like_an_alarms_arn_is_none() {
        for arn in [
            "",
            "tea-errors",
            "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:",
            "arn:aws:cloudwatch:eu-west-1:123456789012:dashboard:a",
            "arn:aws:sqs:eu-west-1:123456789012:alarm:a",
            "arn:aws:cloudwatch:eu-west-1:12345678901:alarm:a",
            "arn:aws:cloudwatch:eu-west-1:12345678901x:alarm:a",
            "arn:aws:cloudwatch:evil.example/:123456789012:alarm:a",
            "arn:aws:cloudwatch:-:123456789012:alarm:a",
            "arn:aws:cloudwatch::123456789012:alarm:a",
            "arn:awsome:cloudwatch:eu-west-1:123456789012:alarm:a",
        ] {
            assert_eq!(Arn::parse(arn), None, "{arn}");
        }
    }
}
