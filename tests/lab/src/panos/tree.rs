//! A configuration: elements, some of which are entries with a name or members with a text.

use roxmltree::Document;

/// One element.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Element {
    pub(super) tag: String,
    /// The attribute `name` of an entry.
    pub(super) name: Option<String>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

/// One step of an XPath.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// `tag`.
    Tag(String),
    /// `tag[@name='value']`.
    Named(String, String),
    /// `tag[text()='value']`.
    Text(String, String),
    /// `@name`, the last.
    Names,
}

/// The steps of an absolute XPath of the forms that are played.
pub(super) fn steps(xpath: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = xpath.strip_prefix('/')?;
    loop {
        let end = rest.find(['/', '[']).unwrap_or(rest.len());
        let (tag, after) = rest.split_at(end);
        if tag.is_empty() || steps.last() == Some(&Step::Names) {
            return None;
        }
        let (step, after) = if let Some(predicate) = after.strip_prefix('[') {
            // A literal may contain slashes, and brackets of IPv6 addresses.
            let (kind, literal) = predicate.split_once("='")?;
            let (value, after) = literal.split_once("']")?;
            match kind {
                "@name" => (Step::Named(tag.to_owned(), value.to_owned()), after),
                "text()" => (Step::Text(tag.to_owned(), value.to_owned()), after),
                _ => return None,
            }
        } else if tag == "@name" {
            (Step::Names, after)
        } else {
            (Step::Tag(tag.to_owned()), after)
        };
        steps.push(step);
        match after {
            "" => return Some(steps),
            after => rest = after.strip_prefix('/')?,
        }
    }
}

impl Step {
    fn fits(&self, element: &Element) -> bool {
        match self {
            Step::Tag(tag) => element.tag == *tag,
            Step::Named(tag, name) => element.tag == *tag && element.name.as_ref() == Some(name),
            Step::Text(tag, text) => element.tag == *tag && element.text == *text,
            Step::Names => false,
        }
    }

    pub(super) fn tag(&self) -> &str {
        match self {
            Step::Tag(tag) | Step::Named(tag, _) | Step::Text(tag, _) => tag,
            Step::Names => "@name",
        }
    }

    /// An element that this step finds.
    fn made(&self) -> Element {
        let mut element = Element { tag: self.tag().to_owned(), ..Element::default() };
        match self {
            Step::Named(_, name) => element.name = Some(name.clone()),
            Step::Text(_, text) => element.text = text.clone(),
            Step::Tag(_) | Step::Names => {}
        }
        element
    }
}

impl Element {
    /// The elements of a text without one root.
    pub(super) fn fragment(text: &str) -> Option<Vec<Element>> {
        let wrapped = format!("<fragment>{text}</fragment>");
        let document = Document::parse(&wrapped).ok()?;
        Some(
            document
                .root_element()
                .children()
                .filter(roxmltree::Node::is_element)
                .map(Element::read)
                .collect(),
        )
    }

    fn read(node: roxmltree::Node<'_, '_>) -> Element {
        let children: Vec<_> =
            node.children().filter(roxmltree::Node::is_element).map(Element::read).collect();
        Element {
            tag: node.tag_name().name().to_owned(),
            name: node.attribute("name").map(str::to_owned),
            text: if children.is_empty() {
                node.text().unwrap_or_default().trim().to_owned()
            } else {
                String::new()
            },
            children,
        }
    }

    /// What an XPath finds below this element.
    pub(super) fn select(&self, steps: &[Step]) -> Vec<&Element> {
        match steps {
            [] | [Step::Names] => vec![self],
            [step, rest @ ..] => self
                .children
                .iter()
                .filter(|child| step.fits(child))
                .flat_map(|child| child.select(rest))
                .collect(),
        }
    }

    /// What a tag path finds below this element.
    pub(super) fn at(&self, path: &str) -> Vec<&Element> {
        let steps: Vec<_> = path.split('/').map(|tag| Step::Tag(tag.to_owned())).collect();
        self.select(&steps)
    }

    /// The texts of what a tag path finds.
    pub(super) fn texts(&self, path: &str) -> Vec<&str> {
        self.at(path).into_iter().map(|element| element.text.as_str()).collect()
    }

    /// Merges elements into the place, which is made where it is missing.
    pub(super) fn set(&mut self, steps: &[Step], elements: &[Element]) {
        let Some((step, rest)) = steps.split_first() else {
            elements.iter().for_each(|element| self.merge(element));
            return;
        };
        let place = self.children.iter().position(|child| step.fits(child)).unwrap_or_else(|| {
            self.children.push(step.made());
            self.children.len() - 1
        });
        self.children[place].set(rest, elements);
    }

    fn merge(&mut self, element: &Element) {
        let same = |child: &&mut Element| match element.tag.as_str() {
            "entry" => child.tag == "entry" && child.name == element.name,
            "member" => child.tag == "member" && child.text == element.text,
            tag => child.tag == tag,
        };
        match self.children.iter_mut().find(same) {
            Some(child) => {
                child.text.clone_from(&element.text);
                element.children.iter().for_each(|grandchild| child.merge(grandchild));
            }
            None => self.children.push(element.clone()),
        }
    }

    /// Removes what the XPath finds.
    pub(super) fn delete(&mut self, steps: &[Step]) {
        match steps {
            [] => {}
            [step] => self.children.retain(|child| !step.fits(child)),
            [step, rest @ ..] => {
                self.children
                    .iter_mut()
                    .filter(|child| step.fits(child))
                    .for_each(|child| child.delete(rest));
            }
        }
    }

    /// Makes what the XPath finds the first of its list.
    pub(super) fn move_to_top(&mut self, steps: &[Step]) {
        match steps {
            [] => {}
            [step] => self.children.sort_by_key(|child| !step.fits(child)),
            [step, rest @ ..] => {
                self.children
                    .iter_mut()
                    .filter(|child| step.fits(child))
                    .for_each(|child| child.move_to_top(rest));
            }
        }
    }

    pub(super) fn xml(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" name=\"{}\"", escaped(name))).unwrap_or_default();
        let inside: String = self.children.iter().map(Element::xml).collect();
        format!("<{tag}{name}>{}{inside}</{tag}>", escaped(&self.text), tag = self.tag)
    }
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_may_have_slashes() {
        let found = steps("/a/entry[@name='x y']/list/member[text()='e.example/a']").unwrap();
        assert_eq!(found[1], Step::Named("entry".to_owned(), "x y".to_owned()));
        assert_eq!(found[3], Step::Text("member".to_owned(), "e.example/a".to_owned()));
        assert_eq!(steps("/a/@name").unwrap().last(), Some(&Step::Names));
        for refused in ["a", "//a", "/a[1]", "/a/@name/b", "/a[@name='x'", "/a/"] {
            assert_eq!(steps(refused), None, "{refused}");
        }
    }

    #[test]
    fn set_adds_and_leaves_the_rest() {
        let mut root = Element::default();
        let place = steps("/list/entry[@name='a']").unwrap();
        for element in
            ["<x><member>1</member></x><y>1</y>", "<x><member>2</member><member>1</member></x><y>2</y>"]
        {
            root.set(&place, &Element::fragment(element).unwrap());
        }
        let xml = r#"<entry name="a"><x><member>1</member><member>2</member></x><y>2</y></entry>"#;
        assert_eq!(root.select(&place)[0].xml(), xml);
        root.delete(&place);
        assert!(root.select(&place).is_empty());
    }
}
