//! Condition expressions.
//!
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>

use std::cmp::Ordering;

use crate::aws::AwsError;
use crate::dynamodb::attribute::{Attribute, Item};
use crate::dynamodb::expression::{Expression, Operand, Token};
use crate::dynamodb::placeholders::Placeholders;

#[derive(Debug)]
pub(super) enum Condition {
    Exists(String),
    Compared(Operand, Comparator, Operand),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    pub(super) fn parse(text: &str, placeholders: &Placeholders) -> Result<Self, AwsError> {
        let mut expression = Expression::read("ConditionExpression", text, placeholders)?;
        let condition = any(&mut expression)?;
        expression.expect_end()?;
        Ok(condition)
    }

    pub(super) fn holds(&self, item: &Item) -> bool {
        match self {
            Self::Exists(name) => item.contains_key(name),
            Self::Compared(left, comparator, right) => {
                comparator.holds(left.of(item), right.of(item))
            }
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(item)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(item)),
            Self::Not(condition) => !condition.holds(item),
        }
    }
}

impl Comparator {
    fn of(token: Option<Token<'_>>) -> Option<Self> {
        match token {
            Some(Token::Sign("=")) => Some(Self::Equal),
            Some(Token::Sign("<>")) => Some(Self::NotEqual),
            Some(Token::Sign("<")) => Some(Self::Less),
            Some(Token::Sign("<=")) => Some(Self::LessOrEqual),
            Some(Token::Sign(">")) => Some(Self::Greater),
            Some(Token::Sign(">=")) => Some(Self::GreaterOrEqual),
            _ => None,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// What is missing or of another type is unequal, and in no order.
    fn holds(self, left: Option<&Attribute>, right: Option<&Attribute>) -> bool {
        let (Some(left), Some(right)) = (left, right) else { return self == Self::NotEqual };
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left.order(right).is_some_and(Ordering::is_lt),
            Self::LessOrEqual => left.order(right).is_some_and(Ordering::is_le),
            Self::Greater => left.order(right).is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => left.order(right).is_some_and(Ordering::is_ge),
        }
    }
}

fn any(expression: &mut Expression<'_>) -> Result<Condition, AwsError> {
    let mut conditions = vec![all(expression)?];
    while expression.take_keyword("OR") {
        conditions.push(all(expression)?);
    }
    Ok(Condition::Any(conditions))
}

fn all(expression: &mut Expression<'_>) -> Result<Condition, AwsError> {
    let mut conditions = vec![negatable(expression)?];
    while expression.take_keyword("AND") {
        conditions.push(negatable(expression)?);
    }
    Ok(Condition::All(conditions))
}

fn negatable(expression: &mut Expression<'_>) -> Result<Condition, AwsError> {
    if expression.take_keyword("NOT") {
        return Ok(Condition::Not(Box::new(negatable(expression)?)));
    }
    if expression.is_redundantly_open() {
        return Err(expression.error("The expression has redundant parentheses;"));
    }
    if expression.take_sign("(") {
        let condition = any(expression)?;
        expression.expect_sign(")")?;
        return Ok(condition);
    }
    match expression.take_function() {
        Some(name) => function(expression, name),
        None => comparison(expression),
    }
}

fn function(expression: &mut Expression<'_>, name: &str) -> Result<Condition, AwsError> {
    let is_negative = match name {
        "attribute_exists" => false,
        "attribute_not_exists" => true,
        "attribute_type" | "begins_with" | "contains" | "size" => {
            return Err(expression.error(&format!("{name} is not modelled by the fake")));
        }
        _ => return Err(expression.error(&format!("Invalid function name; function: {name}"))),
    };
    let Operand::Path(path) = expression.operand()? else {
        return Err(expression.error(&format!(
            "Operator or function requires a document path; operator or function: {name}"
        )));
    };
    expression.expect_sign(")")?;
    let exists = Condition::Exists(path);
    Ok(if is_negative { Condition::Not(Box::new(exists)) } else { exists })
}

fn comparison(expression: &mut Expression<'_>) -> Result<Condition, AwsError> {
    let left = expression.operand()?;
    let Some(comparator) = Comparator::of(expression.peek()) else {
        for keyword in ["BETWEEN", "IN"] {
            if expression.take_keyword(keyword) {
                return Err(expression.error(&format!("{keyword} is not modelled by the fake")));
            }
        }
        return Err(expression.syntax_error());
    };
    let sign = comparator.sign();
    expression.expect_sign(sign)?;
    let right = expression.operand()?;
    if left == right
        && let Operand::Path(name) = &left
    {
        return Err(expression.error(&format!(
            "The first operand must be distinct from the remaining operands for this operator or function; operator: {sign}, first operand: [{name}]"
        )));
    }
    let wants_order = !matches!(comparator, Comparator::Equal | Comparator::NotEqual);
    for operand in [&left, &right] {
        if let Operand::Value(value) = operand
            && wants_order
            && value.order(value).is_none()
        {
            return Err(expression.error(&format!(
                "Incorrect operand type for operator or function; operator: {sign}, operand type: {}",
                value.kind()
            )));
        }
    }
    Ok(Condition::Compared(left, comparator, right))
}
