//! Expressions in rules: conditions by AND, OR and NOT; metrics by arithmetic. What is unknown stays unknown unless the
//! rest decides (Kleene's three values).

use super::RuleError;

const MAX_TEXT: usize = 1000;
const DEEPEST: usize = 20;

/// How conditions, known by their places, come together.
#[derive(Clone, Debug, PartialEq)]
pub enum Logic {
    Condition(usize),
    All(Vec<Logic>),
    Any(Vec<Logic>),
    Not(Box<Logic>),
}

/// How metrics, known by their places, come together.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    Variable(usize),
    Number(f64),
    Add(Box<Formula>, Box<Formula>),
    Subtract(Box<Formula>, Box<Formula>),
    Multiply(Box<Formula>, Box<Formula>),
    Divide(Box<Formula>, Box<Formula>),
    Negate(Box<Formula>),
}

impl Logic {
    /// Reads `(A AND B) OR NOT C`, where `names` are those of conditions.
    ///
    /// # Errors
    /// When the text is no such expression.
    pub fn parse(text: &str, names: &[&str]) -> Result<Logic, RuleError> {
        let mut parser = Parser::new(text, names)?;
        let logic = parser.any_of(0)?;
        parser.end()?;
        Ok(logic)
    }

    /// What it comes to when `known` says what each condition is; none where that cannot be told.
    pub fn holds(&self, known: &[Option<bool>]) -> Option<bool> {
        match self {
            Logic::Condition(at) => known[*at],
            Logic::Not(inner) => inner.holds(known).map(|held| !held),
            Logic::All(parts) => decided(parts, known, false),
            Logic::Any(parts) => decided(parts, known, true),
        }
    }
}

/// One part that is `deciding` decides; else one that is unknown leaves all unknown.
fn decided(parts: &[Logic], known: &[Option<bool>], deciding: bool) -> Option<bool> {
    let mut result = Some(!deciding);
    for part in parts {
        match part.holds(known) {
            Some(held) if held == deciding => return Some(deciding),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

impl Formula {
    /// Reads `{errors} / {calls} * 100`, where `names` are those of variables.
    ///
    /// # Errors
    /// When the text is no such expression, or a name is not a variable's.
    pub fn parse(text: &str, names: &[&str]) -> Result<Formula, RuleError> {
        for (at, name) in names.iter().enumerate() {
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.len() <= 63
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_name || names[..at].contains(name) {
                return Err(RuleError::new(format!(
                    "{name:?} is no name of a variable: it has to be unique, a letter and then letters, digits and _"
                )));
            }
        }
        let mut parser = Parser::new(text, names)?;
        let formula = parser.sum(0)?;
        parser.end()?;
        Ok(formula)
    }

    /// Its value; none where a variable has none, or something is divided by nothing.
    pub fn value(&self, variables: &[Option<f64>]) -> Option<f64> {
        let value = match self {
            Formula::Variable(at) => variables[*at]?,
            Formula::Number(number) => *number,
            Formula::Negate(inner) => -inner.value(variables)?,
            Formula::Add(one, other) => one.value(variables)? + other.value(variables)?,
            Formula::Subtract(one, other) => one.value(variables)? - other.value(variables)?,
            Formula::Multiply(one, other) => one.value(variables)? * other.value(variables)?,
            Formula::Divide(one, other) => one.value(variables)? / other.value(variables)?,
        };
        value.is_finite().then_some(value)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Number(f64),
    Sign(char),
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    names: &'a [&'a str],
}

impl<'a> Parser<'a> {
    fn new(text: &str, names: &'a [&'a str]) -> Result<Parser<'a>, RuleError> {
        if text.len() > MAX_TEXT {
            return Err(RuleError::new(format!("it is longer than {MAX_TEXT} bytes")));
        }
        Ok(Parser { tokens: tokens(text)?, at: 0, names })
    }

    fn sign(&mut self, sign: char) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn end(&self) -> Result<(), RuleError> {
        if self.at == self.tokens.len() { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> RuleError {
        RuleError::new(match self.tokens.get(self.at) {
            None => "it ends where something is missing".to_owned(),
            Some(Token::Name(name)) => format!("{name:?} is not expected there"),
            Some(Token::Number(number)) => format!("{number} is not expected there"),
            Some(Token::Sign(sign)) => format!("{sign:?} is not expected there"),
        })
    }

    /// The place of the name that stands here.
    fn name(&mut self) -> Result<usize, RuleError> {
        let Some(Token::Name(name)) = self.tokens.get(self.at) else {
            return Err(self.unexpected());
        };
        let place = self.names.iter().position(|known| known == name);
        let place = place.ok_or_else(|| {
            RuleError::new(format!("there is no {name:?}; there are {}", self.names.join(", ")))
        })?;
        self.at += 1;
        Ok(place)
    }

    fn closed(&mut self) -> Result<(), RuleError> {
        if self.sign(')') { Ok(()) } else { Err(self.unexpected()) }
    }

    fn any_of(&mut self, depth: usize) -> Result<Logic, RuleError> {
        let mut parts = vec![self.all_of(depth)?];
        while self.word("OR") {
            parts.push(self.all_of(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Logic::Any(parts) })
    }

    fn all_of(&mut self, depth: usize) -> Result<Logic, RuleError> {
        let mut parts = vec![self.one(depth)?];
        while self.word("AND") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Logic::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Logic, RuleError> {
        not_too_deep(depth)?;
        if self.word("NOT") {
            return Ok(Logic::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.sign('(') {
            let inner = self.any_of(depth + 1)?;
            self.closed()?;
            return Ok(inner);
        }
        self.name().map(Logic::Condition)
    }

    fn sum(&mut self, depth: usize) -> Result<Formula, RuleError> {
        let mut left = self.product(depth)?;
        loop {
            let make = match () {
                () if self.sign('+') => Formula::Add,
                () if self.sign('-') => Formula::Subtract,
                () => return Ok(left),
            };
            left = make(Box::new(left), Box::new(self.product(depth)?));
        }
    }

    fn product(&mut self, depth: usize) -> Result<Formula, RuleError> {
        let mut left = self.factor(depth)?;
        loop {
            let make = match () {
                () if self.sign('*') => Formula::Multiply,
                () if self.sign('/') => Formula::Divide,
                () => return Ok(left),
            };
            left = make(Box::new(left), Box::new(self.factor(depth)?));
        }
    }

    fn factor(&mut self, depth: usize) -> Result<Formula, RuleError> {
        not_too_deep(depth)?;
        if self.sign('-') {
            return Ok(Formula::Negate(Box::new(self.factor(depth + 1)?)));
        }
        if self.sign('(') {
            let inner = self.sum(depth + 1)?;
            self.closed()?;
            return Ok(inner);
        }
        if let Some(Token::Number(number)) = self.tokens.get(self.at) {
            let number = *number;
            self.at += 1;
            return Ok(Formula::Number(number));
        }
        self.name().map(Formula::Variable)
    }
}

fn not_too_deep(depth: usize) -> Result<(), RuleError> {
    if depth < DEEPEST {
        return Ok(());
    }
    Err(RuleError::new(format!("it is nested deeper than {DEEPEST}")))
}

fn tokens(text: &str) -> Result<Vec<Token>, RuleError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = |is_part: fn(char) -> bool| rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let taken = match first {
            '{' => {
                let end = rest.find('}').ok_or_else(|| RuleError::new("a brace is not closed"))?;
                tokens.push(Token::Name(rest[1..end].trim().to_owned()));
                end + 1
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = length(|c| c.is_ascii_alphanumeric() || c == '_');
                tokens.push(Token::Name(rest[..end].to_owned()));
                end
            }
            '0'..='9' | '.' => {
                let end = length(|c| c.is_ascii_digit() || c == '.');
                let number = rest[..end].parse();
                tokens
                    .push(Token::Number(number.map_err(|_| {
                        RuleError::new(format!("{:?} is no number", &rest[..end]))
                    })?));
                end
            }
            '(' | ')' | '+' | '-' | '*' | '/' => {
                tokens.push(Token::Sign(first));
                1
            }
            other => return Err(RuleError::new(format!("{other:?} is not expected"))),
        };
        rest = rest[taken..].trim_start();
    }
    Ok(tokens)
}
