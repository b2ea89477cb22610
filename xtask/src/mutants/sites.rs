//! Where a file can be changed so that it still compiles, and what is inserted there.

use std::collections::BTreeSet;
use std::ops::Range;

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{BinOp, Block, Expr, ReturnType, Stmt, Type, UnOp};

/// The module that tells which mutant is alive.
const SWITCH: &str = "::waypoint_xds_model::mutant";
/// How much of the changed text a description shows, in characters.
const SHOWN: usize = 60;

/// A change of a file, which does something only while it is chosen.
#[derive(Debug)]
pub(super) struct Mutant {
    /// Its number, in all files.
    pub(super) number: u32,
    /// The line, from 1.
    pub(super) line: usize,
    /// The function that is changed.
    pub(super) function: String,
    /// What is changed.
    pub(super) change: String,
    /// What is put where, in bytes of the text as it was.
    insertions: Vec<Insertion>,
}

#[derive(Debug)]
struct Insertion {
    at: usize,
    /// Whether it ends something that another one began.
    is_end: bool,
    text: String,
}

/// A file with all its mutants, and which bytes each of them inserted or has inside.
pub(super) struct Changed {
    pub(super) text: String,
    pub(super) inserted: Vec<(u32, Range<usize>)>,
    pub(super) inside: Vec<(u32, Range<usize>)>,
}

/// The mutants of a file; their numbers begin at `first`.
///
/// # Errors
///
/// If it is not Rust.
pub(super) fn mutants(text: &str, first: u32) -> syn::Result<Vec<Mutant>> {
    let file = syn::parse_file(text)?;
    let mut finder = Finder { text, next: first, found: Vec::new(), taken: BTreeSet::new(), of: Vec::new() };
    finder.visit_file(&file);
    Ok(finder.found)
}

/// Puts mutants into a file.
pub(super) fn apply(text: &str, mutants: &[&Mutant]) -> Changed {
    let mut all: Vec<(usize, bool, i64, u32, &str)> = Vec::new();
    for (order, mutant) in (0_i64..).zip(mutants) {
        for Insertion { at, is_end, text } in &mutant.insertions {
            // What begins first ends last.
            all.push((*at, !is_end, if *is_end { -order } else { order }, mutant.number, text));
        }
    }
    all.sort();
    let mut changed = Changed { text: String::new(), inserted: Vec::new(), inside: Vec::new() };
    let mut done = 0;
    for (at, _, _, number, insertion) in all {
        changed.text.push_str(text.get(done..at).unwrap_or_default());
        done = at;
        let start = changed.text.len();
        changed.text.push_str(insertion);
        let end = changed.text.len();
        changed.inserted.push((number, start..end));
        match changed.inside.iter_mut().find(|(other, _)| *other == number) {
            Some((_, range)) => range.end = end,
            None => changed.inside.push((number, start..end)),
        }
    }
    changed.text.push_str(text.get(done..).unwrap_or_default());
    changed
}

struct Finder<'t> {
    text: &'t str,
    next: u32,
    found: Vec<Mutant>,
    /// Conditions that have mutants.
    taken: BTreeSet<(usize, usize)>,
    /// The type and the functions around what is looked at.
    of: Vec<String>,
}

impl Finder<'_> {
    fn add(&mut self, at: Range<usize>, change: String, insertions: impl FnOnce(u32) -> Vec<Insertion>) {
        let number = self.next;
        self.next += 1;
        let line = self.text.get(..at.start).unwrap_or_default().matches('\n').count() + 1;
        let function = self.of.join("::");
        self.found.push(Mutant { number, line, function, change, insertions: insertions(number) });
    }

    /// A piece of the text, on one line.
    fn piece(&self, at: &Range<usize>) -> String {
        let words: Vec<&str> = self.text.get(at.clone()).unwrap_or_default().split_whitespace().collect();
        let all = words.join(" ");
        match all.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", all.get(..end).unwrap_or_default()),
            None => all,
        }
    }

    /// Calls a function of the switch with what stands there.
    fn call(&mut self, at: &Range<usize>, function: &str, change: &str) {
        let change = format!("`{}` {change}", self.piece(at));
        self.wrap(at, change, |number| format!("{SWITCH}::{function}({number}, "), ")");
    }

    /// Puts something before what stands there, and behind it.
    fn wrap(
        &mut self,
        at: &Range<usize>,
        change: String,
        before: impl FnOnce(u32) -> String,
        behind: &'static str,
    ) {
        self.add(at.clone(), change, |number| {
            vec![
                Insertion { at: at.start, is_end: false, text: before(number) },
                Insertion { at: at.end, is_end: true, text: behind.to_owned() },
            ]
        });
    }

    /// A condition, which is taken for true, or for false. Of `a && b` only that each may not matter, and
    /// that neither holds: the rest would be the same again.
    fn condition(&mut self, condition: &Expr, [to_true, to_false]: [bool; 2]) {
        let at = place(condition.span());
        match condition {
            Expr::Let(_) => {}
            Expr::Paren(inner) => self.condition(&inner.expr, [to_true, to_false]),
            Expr::Unary(inner) if matches!(inner.op, UnOp::Not(_)) => {
                self.condition(&inner.expr, [to_false, to_true]);
            }
            Expr::Binary(both) if matches!(both.op, BinOp::And(_)) => {
                let is_chain = has_let(condition);
                if to_false && !is_chain {
                    self.whole(&at, [false, true]);
                }
                self.condition(&both.left, [to_true, to_false && is_chain]);
                self.condition(&both.right, [to_true, to_false && is_chain && !has_let(&both.right)]);
            }
            Expr::Binary(both) if matches!(both.op, BinOp::Or(_)) => {
                if to_true {
                    self.whole(&at, [true, false]);
                }
                self.condition(&both.left, [false, to_false]);
                self.condition(&both.right, [false, to_false]);
            }
            Expr::Block(block) => self.tail(&block.block, [to_true, to_false]),
            Expr::If(choice) => {
                self.tail(&choice.then_branch, [to_true, to_false]);
                if let Some((_, other)) = &choice.else_branch {
                    self.condition(other, [to_true, to_false]);
                }
            }
            Expr::Match(choice) => {
                for arm in &choice.arms {
                    self.condition(&arm.body, [to_true, to_false]);
                }
            }
            Expr::Lit(literal) => {
                let is = matches!(&literal.lit, syn::Lit::Bool(bool) if bool.value);
                self.whole(&at, [to_true && !is, to_false && is]);
            }
            Expr::Return(_) | Expr::Continue(_) | Expr::Break(_) => {}
            _ => self.whole(&at, [to_true, to_false]),
        }
    }

    fn whole(&mut self, at: &Range<usize>, [to_true, to_false]: [bool; 2]) {
        if self.taken.insert((at.start, at.end)) {
            if to_true {
                self.call(at, "or", "is true");
            }
            if to_false {
                self.call(at, "and", "is false");
            }
        }
    }

    fn tail(&mut self, block: &Block, which: [bool; 2]) {
        if let Some(Stmt::Expr(last, None)) = block.stmts.last() {
            self.condition(last, which);
        }
    }

    /// What a closure gives.
    fn result<'e>(&self, argument: &'e Expr) -> Option<&'e Expr> {
        let Expr::Closure(closure) = argument else { return None };
        match &*closure.body {
            Expr::Block(block) => match block.block.stmts.last() {
                Some(Stmt::Expr(last, None)) => Some(last),
                _ => None,
            },
            body => Some(body),
        }
    }

    /// A function gives the default of its type, at once.
    fn function(&mut self, signature: &syn::Signature, block: &Block, inner: impl FnOnce(&mut Self)) {
        // Nothing is chosen while constants are computed.
        if signature.constness.is_some() {
            return;
        }
        self.of.push(signature.ident.to_string());
        let given = match &signature.output {
            ReturnType::Default => Some(("", "does nothing")),
            ReturnType::Type(_, given) => match last_name(given).as_deref() {
                Some("bool") => {
                    self.tail(block, [true, true]);
                    None
                }
                Some("Option") => Some((" None", "gives None")),
                Some(
                    "Vec" | "String" | "Str" | "BTreeMap" | "BTreeSet" | "HashMap" | "u8" | "u16" | "u32"
                    | "u64" | "i32" | "i64" | "usize",
                ) => Some((" Default::default()", "gives the default")),
                _ => None,
            },
        };
        if let Some((value, change)) = given {
            let at = place(block.brace_token.span.open());
            self.add(at.clone(), change.to_owned(), |number| {
                let text = format!(" if {SWITCH}::is({number}) {{ return{value}; }}");
                vec![Insertion { at: at.end, is_end: false, text }]
            });
        }
        inner(self);
        self.of.pop();
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = module.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
        if !is_test {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.of.push(last_name(&item.self_ty).unwrap_or_default());
        visit::visit_item_impl(self, item);
        self.of.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block, |this| visit::visit_item_fn(this, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block, |this| visit::visit_impl_item_fn(this, item));
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_type(&mut self, _: &'ast Type) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}

    fn visit_expr_if(&mut self, choice: &'ast syn::ExprIf) {
        self.condition(&choice.cond, [true, true]);
        visit::visit_expr_if(self, choice);
    }

    fn visit_expr_while(&mut self, choice: &'ast syn::ExprWhile) {
        self.condition(&choice.cond, [false, true]);
        visit::visit_expr_while(self, choice);
    }

    fn visit_expr_match(&mut self, choice: &'ast syn::ExprMatch) {
        let is_open =
            choice.arms.last().is_some_and(|arm| arm.guard.is_none() && matches!(arm.pat, syn::Pat::Wild(_)));
        for (index, arm) in choice.arms.iter().enumerate() {
            match &arm.guard {
                Some((_, guard)) => self.condition(guard, [true, true]),
                None if is_open && index + 1 < choice.arms.len() => {
                    let at = place(arm.pat.span());
                    let change = format!("`{}` matches nothing", self.piece(&at));
                    self.add(at.clone(), change, |number| {
                        let text = format!(" if !{SWITCH}::is({number})");
                        vec![Insertion { at: at.end, is_end: true, text }]
                    });
                }
                None => {}
            }
        }
        visit::visit_expr_match(self, choice);
    }

    fn visit_expr(&mut self, value: &'ast Expr) {
        let at = place(value.span());
        let is_taken = || self.taken.iter().any(|(start, end)| *start <= at.start && at.end <= *end);
        if is_condition(value) && !is_taken() && !has_let(value) {
            self.condition(value, [true, true]);
        }
        visit::visit_expr(self, value);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let first = call.args.first();
        match (call.method.to_string().as_str(), first) {
            (
                "filter" | "any" | "all" | "find" | "position" | "retain" | "is_some_and" | "is_none_or"
                | "take_while" | "skip_while" | "partition" | "rposition",
                Some(argument),
            ) => {
                if let Some(result) = self.result(argument) {
                    self.condition(result, [true, true]);
                }
            }
            ("then" | "then_some", _) => self.condition(&call.receiver, [true, true]),
            ("or" | "unwrap_or" | "map_or", Some(argument)) => {
                self.call(&place(argument.span()), "value", "is the default");
            }
            ("or_else" | "and_then" | "filter_map" | "find_map" | "unwrap_or_else", Some(argument)) => {
                if let Some(result) = self.result(argument) {
                    self.call(&place(result.span()), "value", "is the default");
                }
            }
            ("chain" | "extend", Some(argument)) => {
                self.call(&place(argument.span()), "items", "is empty");
            }
            _ => {}
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        for field in &made.fields {
            let syn::Member::Named(name) = &field.member else { continue };
            // Why something is there is not what is there.
            let is_cause = ["cause", "causes", "origin", "origins"].iter().any(|other| name == other);
            if is_cause || is_default(&field.expr) {
                continue;
            }
            let at = place(field.expr.span());
            let before = if field.colon_token.is_some() { String::new() } else { format!("{name}: ") };
            let change = format!("`{name}` is the default");
            self.wrap(&at, change, |number| format!("{before}{SWITCH}::value({number}, "), ")");
        }
        visit::visit_expr_struct(self, made);
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if let Stmt::Expr(Expr::MethodCall(_) | Expr::Call(_) | Expr::Assign(_), Some(_)) = statement {
            let at = place(statement.span());
            let change = format!("`{}` is left out", self.piece(&at));
            self.wrap(&at, change, |number| format!("if !{SWITCH}::is({number}) {{ "), " }");
        }
        visit::visit_stmt(self, statement);
    }
}

/// Where in its text a piece of code stands, in bytes.
fn place(span: proc_macro2::Span) -> Range<usize> {
    span.byte_range()
}

/// Whether it is a comparison, or joins conditions.
fn is_condition(value: &Expr) -> bool {
    let Expr::Binary(both) = value else { return false };
    matches!(
        both.op,
        BinOp::And(_)
            | BinOp::Or(_)
            | BinOp::Eq(_)
            | BinOp::Ne(_)
            | BinOp::Lt(_)
            | BinOp::Le(_)
            | BinOp::Gt(_)
            | BinOp::Ge(_)
    )
}

/// Whether a condition binds something.
fn has_let(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(both) => has_let(&both.left) || has_let(&both.right),
        Expr::Paren(inner) => has_let(&inner.expr),
        _ => false,
    }
}

/// Whether an expression is the default of its type as it stands there.
fn is_default(value: &Expr) -> bool {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Bool(bool) => !bool.value,
            syn::Lit::Int(int) => int.base10_digits() == "0",
            syn::Lit::Str(text) => text.value().is_empty(),
            _ => false,
        },
        Expr::Path(path) => path.path.is_ident("None"),
        Expr::Call(call) if call.args.is_empty() => match &*call.func {
            Expr::Path(path) => {
                path.path.segments.last().is_some_and(|last| last.ident == "new" || last.ident == "default")
            }
            _ => false,
        },
        Expr::Macro(made) => made.mac.path.is_ident("vec") && made.mac.tokens.is_empty(),
        _ => false,
    }
}

fn last_name(of: &Type) -> Option<String> {
    let Type::Path(path) = of else { return None };
    Some(path.path.segments.last()?.ident.to_string())
}
