#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pango/pangocairo.h>

/// Pango and cairo behind a few words. Lengths are in Pango's units, 1/1024 of a point.
namespace turnpike {

enum class TextStyle : std::uint8_t { Body, Small, Strong, Headline, Title };
enum class TextSide : bool { Left, Right };
/// Where reading begins. English: at the left, whichever names stand in between. AsWritten: where
/// the first letter wants it, for what is all somebody else's words.
enum class TextReading : bool { English, AsWritten };

struct CairoDeleter {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
    void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using CairoOwned = std::unique_ptr<T, CairoDeleter>;

/// A line of text that knows where it begins. Alive as long as its typesetter.
struct SetLine {
    PangoLayoutLine* line = nullptr;
    TextStyle style = TextStyle::Body;
    int x = 0;
    int ascent = 0;  ///< from the upper edge to the base line
    int height = 0;
};
/// The stretch of the page that a text is wrapped to.
struct TextColumn {
    int left = 0;
    int width = 0;
    TextSide side = TextSide::Left;
    TextReading reading = TextReading::English;
};

/// Wraps text into lines and draws them into one PDF.
class Typesetter {
public:
    Typesetter();
    Typesetter(const Typesetter&) = delete;
    Typesetter& operator=(const Typesetter&) = delete;

    std::vector<SetLine> set(const std::string& text, TextStyle style, const TextColumn& column);
    void draw(const SetLine& line, int y);
    void rule(int left, int right, int y);
    void turn_page();

    /// What a reader's window says.
    void set_title(const std::string& title);
    /// Ends the file. Throws when cairo had to give up.
    std::string finish();

private:
    std::string bytes_;  // written until surface_ is finished
    CairoOwned<cairo_surface_t> surface_;
    CairoOwned<cairo_t> cairo_;
    CairoOwned<PangoFontMap> fonts_;
    CairoOwned<PangoContext> context_;
    std::vector<CairoOwned<PangoLayout>> layouts_;
};

}  // namespace turnpike
