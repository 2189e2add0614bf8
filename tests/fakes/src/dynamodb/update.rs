//! Update expressions.
//!
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>

use crate::aws::AwsError;
use crate::dynamodb::attribute::{Attribute, Item, in_range, invalid};
use crate::dynamodb::expression::{Expression, Operand, Token};
use crate::dynamodb::placeholders::Placeholders;

#[derive(Debug, Default)]
pub(super) struct Update {
    set: Vec<(String, Sum)>,
    remove: Vec<String>,
}

#[derive(Debug)]
struct Sum {
    first: Term,
    second: Option<(Operation, Term)>,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Plus,
    Minus,
}

#[derive(Debug)]
enum Term {
    Operand(Operand),
    /// The attribute, or in its absence the other.
    IfNotExists(String, Operand),
}

impl Update {
    pub(super) fn parse(text: &str, placeholders: &Placeholders) -> Result<Self, AwsError> {
        let mut expression = Expression::read("UpdateExpression", text, placeholders)?;
        let mut update = Self::default();
        while expression.peek().is_some() {
            if expression.take_keyword("SET") {
                only_once(&expression, "SET", update.set.is_empty())?;
                update.set = list(&mut expression, assignment)?;
            } else if expression.take_keyword("REMOVE") {
                only_once(&expression, "REMOVE", update.remove.is_empty())?;
                update.remove = list(&mut expression, Expression::path)?;
            } else {
                return Err(expression.syntax_error());
            }
        }
        let targets: Vec<_> = update.targets().collect();
        for (at, target) in targets.iter().enumerate() {
            if targets[..at].contains(target) {
                return Err(expression.error(&format!(
                    "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [{target}], path two: [{target}]"
                )));
            }
        }
        Ok(update)
    }

    /// The attributes that it writes or removes.
    pub(super) fn targets(&self) -> impl Iterator<Item = &String> {
        self.set.iter().map(|(name, _)| name).chain(&self.remove)
    }

    /// Every value is taken from the item as it was before.
    pub(super) fn apply(&self, before: &Item) -> Result<Item, AwsError> {
        let mut after = before.clone();
        for (name, sum) in &self.set {
            after.insert(name.clone(), sum.of(before)?);
        }
        for name in &self.remove {
            after.remove(name);
        }
        Ok(after)
    }
}

impl Sum {
    fn of(&self, item: &Item) -> Result<Attribute, AwsError> {
        let first = self.first.of(item)?;
        let Some((operation, second)) = &self.second else { return Ok(first.clone()) };
        let (Attribute::Number(first), Attribute::Number(second)) = (first, second.of(item)?)
        else {
            return Err(invalid("An operand in the update expression has an incorrect data type"));
        };
        // Neither overflows: 38 digits leave room for a factor of 1.7.
        let sum = match operation {
            Operation::Plus => first.checked_add(*second),
            Operation::Minus => first.checked_sub(*second),
        };
        sum.and_then(in_range).map(Attribute::Number).ok_or_else(|| {
            invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
        })
    }
}

impl Term {
    fn of<'item>(&'item self, item: &'item Item) -> Result<&'item Attribute, AwsError> {
        let value = match self {
            Self::Operand(operand) => operand.of(item),
            Self::IfNotExists(name, otherwise) => item.get(name).or_else(|| otherwise.of(item)),
        };
        value.ok_or_else(|| {
            invalid(
                "The provided expression refers to an attribute that does not exist in the item",
            )
        })
    }
}

fn assignment(expression: &mut Expression<'_>) -> Result<(String, Sum), AwsError> {
    let target = expression.path()?;
    expression.expect_sign("=")?;
    let first = term(expression)?;
    let operation = match expression.peek() {
        Some(Token::Sign("+")) => Operation::Plus,
        Some(Token::Sign("-")) => Operation::Minus,
        _ => return Ok((target, Sum { first, second: None })),
    };
    let _ = expression.take_sign("+") || expression.take_sign("-");
    let second = Some((operation, term(expression)?));
    Ok((target, Sum { first, second }))
}

fn term(expression: &mut Expression<'_>) -> Result<Term, AwsError> {
    let name = match expression.take_function() {
        None => return expression.operand().map(Term::Operand),
        Some("if_not_exists") => expression.path()?,
        Some("list_append") => {
            return Err(expression.error("list_append is not modelled by the fake"));
        }
        Some(name) => {
            return Err(expression.error(&format!("Invalid function name; function: {name}")));
        }
    };
    expression.expect_sign(",")?;
    let otherwise = expression.operand()?;
    expression.expect_sign(")")?;
    Ok(Term::IfNotExists(name, otherwise))
}

fn list<'call, Element>(
    expression: &mut Expression<'call>,
    element: impl Fn(&mut Expression<'call>) -> Result<Element, AwsError>,
) -> Result<Vec<Element>, AwsError> {
    let mut elements = vec![element(expression)?];
    while expression.take_sign(",") {
        elements.push(element(expression)?);
    }
    Ok(elements)
}

fn only_once(expression: &Expression<'_>, section: &str, is_first: bool) -> Result<(), AwsError> {
    if is_first {
        return Ok(());
    }
    Err(expression.error(&format!(
        "The \"{section}\" section can only be used once in an update expression;"
    )))
}
