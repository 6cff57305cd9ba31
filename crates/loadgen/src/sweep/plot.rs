//! A plot of one axis as SVG: four panels over the same points. Its lines differ in colour (told apart by the colour-blind
//! too) and in their marks; a page in dark colours gets its own by the image's style.

mod scale;

use anyhow::{Result, anyhow, ensure};
use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Cross, EmptyElement, PathElement, Rectangle, TriangleMarker};
use plotters::series::LineSeries;
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};

use self::scale::{Scale, short};

/// All panels of one axis.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) title: &'static str,
    /// Where the points lie, rising.
    pub(crate) at: Vec<f64>,
    /// Of these.
    pub(crate) unit: &'static str,
    pub(crate) panels: [Panel; 4],
}

#[derive(Debug)]
pub(crate) struct Panel {
    /// What its values are, with their unit.
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
}

#[derive(Debug)]
pub(crate) struct Line {
    /// Empty where it is the only one.
    pub(crate) label: &'static str,
    /// One a point; none where there is none.
    pub(crate) values: Vec<Option<f64>>,
}

const SIZE: (u32, u32) = (960, 620);
const FONT: &str = "system-ui, sans-serif";

/// A colour on white, and the one that stands for it on a dark page.
type Ink = (RGBColor, &'static str);
const PAPER: Ink = (RGBColor(0xFF, 0xFF, 0xFF), "#0D1117");
const TEXT: Ink = (RGBColor(0x1F, 0x23, 0x28), "#E6EDF3");
const FAINT: Ink = (RGBColor(0x59, 0x63, 0x6E), "#9198A1");
const GRID: Ink = (RGBColor(0xD8, 0xDE, 0xE4), "#30363D");
/// After Okabe and Ito: blue, vermilion, bluish green, reddish purple.
const LINES: [Ink; 4] = [
    (RGBColor(0x00, 0x72, 0xB2), "#56B4E9"),
    (RGBColor(0xC2, 0x4A, 0x00), "#F0883E"),
    (RGBColor(0x00, 0x7D, 0x5F), "#2CC295"),
    (RGBColor(0x9E, 0x3D, 0x87), "#DE8FC8"),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane<'c, 'a> = ChartContext<'c, SVGBackend<'a>, Cartesian2d<Scale, RangedCoordf64>>;

/// # Errors
/// Where there is no point, or a number is none.
pub(crate) fn svg(chart: &Chart) -> Result<String> {
    let values = chart.panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.values);
    let numbers = chart.at.iter().chain(values.flatten());
    ensure!(!chart.at.is_empty(), "a plot without points");
    ensure!(numbers.into_iter().all(|number| number.is_finite()), "a plot of what is no number");
    let mut text = String::new();
    // Errors of the library are those of its output, which is memory.
    draw(chart, &mut text).map_err(|error| anyhow!("cannot draw '{}': {error}", chart.title))?;
    Ok(styled(&text, chart))
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(chart: &Chart, text: &mut String) -> Drawn {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&PAPER.0)?;
    let title = TextStyle::from((FONT, 22).into_font()).color(&TEXT.0);
    let inner = root.titled(chart.title, title)?;
    for (area, panel) in inner.split_evenly((2, 2)).iter().zip(&chart.panels) {
        draw_panel(area, chart, panel)?;
    }
    root.present()?;
    Ok(())
}

fn draw_panel(area: &Area<'_>, chart: &Chart, panel: &Panel) -> Drawn {
    let most = panel.lines.iter().flat_map(|line| line.values.iter().flatten());
    let most = most.copied().fold(0.0, f64::max).max(1e-9);
    // Names of lines stand above them.
    let room = if panel.lines.len() > 1 { 1.9 } else { 1.15 };
    let caption = TextStyle::from((FONT, 17).into_font()).color(&TEXT.0);
    let mut plane = ChartBuilder::on(area)
        .margin(8)
        .margin_right(18)
        .caption(&panel.title, caption)
        .x_label_area_size(44)
        .y_label_area_size(52)
        .build_cartesian_2d(Scale::of(&chart.at), 0.0..most * room)?;
    let label = TextStyle::from((FONT, 14).into_font()).color(&FAINT.0);
    plane
        .configure_mesh()
        .x_desc(chart.unit)
        .y_labels(6)
        .y_label_formatter(&|value| short(*value))
        .axis_style(GRID.0)
        .bold_line_style(GRID.0)
        .light_line_style(GRID.0.mix(0.0))
        .label_style(label.clone())
        .axis_desc_style(label.clone())
        .draw()?;
    for (number, line) in panel.lines.iter().enumerate() {
        let points = chart.at.iter().zip(&line.values);
        let points = points.filter_map(|(at, value)| Some((*at, (*value)?))).collect();
        draw_line(&mut plane, line.label, points, number)?;
    }
    if panel.lines.len() > 1 {
        plane
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .margin(4)
            .legend_area_size(26)
            .label_font(label)
            .draw()?;
    }
    Ok(())
}

fn draw_line<'a>(
    plane: &mut Plane<'a, 'a>,
    label: &'static str,
    points: Vec<(f64, f64)>,
    number: usize,
) -> Drawn {
    let colour = LINES[number % LINES.len()].0;
    let stroke = ShapeStyle::from(colour).stroke_width(2);
    let line = plane.draw_series(LineSeries::new(points.iter().copied(), stroke))?;
    if !label.is_empty() {
        line.label(label);
    }
    let mark = colour.filled();
    let square = |at| EmptyElement::at(at) + Rectangle::new([(-4, -4), (4, 4)], mark);
    // In a legend: a piece of the line with the mark in its middle.
    let piece = move |at| EmptyElement::at(at) + PathElement::new([(0, 0), (20, 0)], stroke);
    let middle = (10, 0);
    match number % LINES.len() {
        0 => {
            line.legend(move |at| piece(at) + Circle::new(middle, 4, mark));
            plane.draw_series(points.iter().map(|at| Circle::new(*at, 4, mark)))?;
        }
        1 => {
            line.legend(move |at| piece(at) + TriangleMarker::new(middle, 6, mark));
            plane.draw_series(points.iter().map(|at| TriangleMarker::new(*at, 6, mark)))?;
        }
        2 => {
            line.legend(move |at| piece(at) + Rectangle::new([(6, -4), (14, 4)], mark));
            plane.draw_series(points.iter().map(|at| square(*at)))?;
        }
        _ => {
            line.legend(move |at| piece(at) + Cross::new(middle, 5, stroke));
            plane.draw_series(points.iter().map(|at| Cross::new(*at, 5, stroke)))?;
        }
    }
    Ok(())
}

/// With a name for those who do not see it, and colours for dark pages.
fn styled(svg: &str, chart: &Chart) -> String {
    let inks = [PAPER, TEXT, FAINT, GRID].into_iter().chain(LINES);
    let dark: String = inks
        .map(|(RGBColor(red, green, blue), dark)| {
            let light = format!("#{red:02X}{green:02X}{blue:02X}");
            format!("[fill=\"{light}\"]{{fill:{dark}}}[stroke=\"{light}\"]{{stroke:{dark}}}")
        })
        .collect();
    let style = format!("<style>@media (prefers-color-scheme:dark){{{dark}}}</style>");
    let title = format!("<title>{}, by {}</title>", chart.title, chart.unit);
    let head = svg.find('>').map_or(0, |end| end + 1);
    format!("{}\n{title}\n{style}{}", &svg[..head], &svg[head..])
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;

    fn chart(at: &[f64]) -> Chart {
        let line = |label| Line { label, values: at.iter().map(|at| Some(at / 7.0)).collect() };
        let panel = |title: &str, labels: &[&'static str]| Panel {
            title: title.to_owned(),
            lines: labels.iter().map(|label| line(label)).collect(),
        };
        Chart {
            title: "More <things> & more",
            at: at.to_vec(),
            unit: "things",
            panels: [
                panel("CPU, µs", &[""]),
                panel("Peak memory, MiB", &[""]),
                panel("On disk, bytes", &[""]),
                panel("Answers, p95, ms", &["one", "two", "three", "four"]),
            ],
        }
    }

    #[test]
    fn a_plot_is_well_formed_and_says_what_its_axes_are() {
        let chart = Chart { title: "More things", ..chart(&[1_000.0, 10_000.0, 100_000.0]) };
        let svg = svg(&chart).unwrap();
        let document = Document::parse(&svg).unwrap();
        let texts: Vec<&str> =
            document.descendants().filter_map(|node| Some(node.text()?.trim())).collect();
        let wanted = ["CPU, µs", "Peak memory, MiB", "On disk, bytes", "Answers, p95, ms"];
        for wanted in wanted.into_iter().chain(["things", "1k", "10k", "100k", "one", "four"]) {
            assert!(texts.contains(&wanted), "{wanted} is not in {texts:?}");
        }
        assert_eq!(document.root_element().attribute("viewBox"), Some("0 0 960 620"));
    }

    #[test]
    fn every_colour_has_one_for_dark_pages() {
        let svg = svg(&Chart { title: "More things", ..chart(&[1.0, 2.0]) }).unwrap();
        let document = Document::parse(&svg).unwrap();
        let style = document.descendants().find(|node| node.has_tag_name("style")).unwrap();
        let style = style.text().unwrap();
        for node in document.descendants().filter(|node| node.is_element()) {
            for colour in ["fill", "stroke"].into_iter().filter_map(|name| node.attribute(name)) {
                assert!(colour == "none" || style.contains(colour), "{colour}");
            }
        }
    }

    #[test]
    fn a_point_that_failed_leaves_a_gap_and_no_number_is_an_error() {
        let mut few = Chart { title: "More things", ..chart(&[1.0, 2.0, 3.0]) };
        few.panels[0].lines[0].values[1] = None;
        Document::parse(&svg(&few).unwrap()).unwrap();
        few.panels[0].lines[0].values.fill(None);
        Document::parse(&svg(&few).unwrap()).unwrap();
        few.panels[0].lines[0].values[0] = Some(f64::NAN);
        assert!(svg(&few).is_err());
        assert!(svg(&chart(&[])).is_err());
    }
}
