#include "pdf/typesetter.h"

#include <exception>
#include <stdexcept>
#include <utility>

#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>

namespace turnpike {
namespace {

constexpr const char* kFont = "DejaVu Sans";

/// All fonts of Debian's folder, and no rules of the machine or its user, who would change what the
/// same document looks like.
constexpr const char* kFontRules = R"xml(<?xml version="1.0"?>
<fontconfig><dir>/usr/share/fonts</dir><cachedir>/var/cache/fontconfig</cachedir></fontconfig>
)xml";

/// Fontconfig has one configuration in a process; the first document loads it.
bool load_fonts() {
    const auto* rules = reinterpret_cast<const FcChar8*>(kFontRules);
    FcConfig* config = FcConfigCreate();
    return config != nullptr && FcConfigParseAndLoadFromMemory(config, rules, FcTrue) != FcFalse &&
           FcConfigBuildFonts(config) != FcFalse && FcConfigSetCurrent(config) != FcFalse;
}

PangoFontMap* new_font_map() {
    static const bool loaded = load_fonts();
    if (!loaded) throw std::runtime_error("fontconfig does not find its fonts");
    return pango_cairo_font_map_new();
}

cairo_status_t append(void* bytes, const unsigned char* data, unsigned int length) {
    try {
        static_cast<std::string*>(bytes)->append(data, data + length);
        return CAIRO_STATUS_SUCCESS;
    } catch (const std::exception&) {
        return CAIRO_STATUS_WRITE_ERROR;
    }
}

int points_of(TextStyle style) {
    switch (style) {
        case TextStyle::Small: return 8;
        case TextStyle::Body:
        case TextStyle::Strong: return 9;
        case TextStyle::Headline: return 13;
        case TextStyle::Title: return 19;
    }
    std::unreachable();
}

bool is_bold(TextStyle style) { return style != TextStyle::Small && style != TextStyle::Body; }

/// Outlines are exact at every size: nothing is fitted to the pixels of a screen.
void forget_pixels(PangoContext* context) {
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, FALSE);
}

}  // namespace

Typesetter::Typesetter()
    : surface_(cairo_pdf_surface_create_for_stream(append, &bytes_, 595.28, 841.89)),  // A4
      cairo_(cairo_create(surface_.get())),
      fonts_(new_font_map()) {
    if (pango_font_map_get_family(fonts_.get(), kFont) == nullptr)
        throw std::runtime_error(
            "the font DejaVu Sans is not installed (Debian: fonts-dejavu-core)");
    // Cairo would write the time; an empty one leaves the member out.
    cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_CREATE_DATE, "");
    context_.reset(pango_font_map_create_context(fonts_.get()));
    pango_cairo_update_context(cairo_.get(), context_.get());
    // Pango's own default, the "weak" one, would look at the letters all the same.
    pango_context_set_base_dir(context_.get(), PANGO_DIRECTION_LTR);
    forget_pixels(context_.get());
}

std::vector<SetLine> Typesetter::set(const std::string& text, TextStyle style,
                                     const TextColumn& column) {
    PangoLayout* layout = layouts_.emplace_back(pango_layout_new(context_.get())).get();
    PangoFontDescription* font = pango_font_description_from_string(kFont);
    pango_font_description_set_absolute_size(font, points_of(style) * PANGO_SCALE);
    pango_font_description_set_weight(font,
                                      is_bold(style) ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(layout, column.width);
    pango_layout_set_auto_dir(layout, column.reading == TextReading::AsWritten ? TRUE : FALSE);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));

    std::vector<SetLine> lines;
    for (int i = 0; i < pango_layout_get_line_count(layout); ++i) {
        PangoLayoutLine* line = pango_layout_get_line_readonly(layout, i);
        PangoRectangle box;
        pango_layout_line_get_extents(line, nullptr, &box);
        const int indent = column.side == TextSide::Right ? column.width - box.width : 0;
        lines.push_back({line, style, column.left + indent, -box.y, box.height});
    }
    return lines;
}

void Typesetter::draw(const SetLine& line, int y) {
    if (line.style == TextStyle::Small)
        cairo_set_source_rgb(cairo_.get(), 0.36, 0.38, 0.46);
    else
        cairo_set_source_rgb(cairo_.get(), 0.10, 0.12, 0.21);
    cairo_move_to(cairo_.get(), pango_units_to_double(line.x),
                  pango_units_to_double(y + line.ascent));
    pango_cairo_show_layout_line(cairo_.get(), line.line);
}

void Typesetter::rule(int left, int right, int y) {
    cairo_set_source_rgb(cairo_.get(), 0.75, 0.77, 0.82);
    cairo_set_line_width(cairo_.get(), 0.6);
    cairo_move_to(cairo_.get(), pango_units_to_double(left), pango_units_to_double(y));
    cairo_line_to(cairo_.get(), pango_units_to_double(right), pango_units_to_double(y));
    cairo_stroke(cairo_.get());
}

void Typesetter::turn_page() { cairo_show_page(cairo_.get()); }

void Typesetter::set_title(const std::string& title) {
    cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_TITLE, title.c_str());
}

std::string Typesetter::finish() {
    cairo_show_page(cairo_.get());
    cairo_surface_finish(surface_.get());
    for (const cairo_status_t status :
         {cairo_status(cairo_.get()), cairo_surface_status(surface_.get())})
        if (status != CAIRO_STATUS_SUCCESS)
            throw std::runtime_error(std::string("the PDF could not be drawn: ") +
                                     cairo_status_to_string(status));
    return std::move(bytes_);
}

}  // namespace turnpike
