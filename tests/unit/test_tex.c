#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "papers/tex.h"
#include "papers/tex_parts.h"
#include "unit/data.h"

struct sample {
    const char *input, *want;
};

static void convert(struct view input, struct buffer *ret_output)
{
    struct view exact = data_exact_view(input);

    buffer_init(ret_output, (size_t)1 << 30);
    tex_to_unicode(exact, ret_output);
    data_free(exact);
}

/* Every sample gives what it should, also when its output is read again. */
static void check(const struct sample *samples, size_t count, bool is_stable)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer output, again;

        convert(view_of(samples[i].input), &output);
        if (strcmp(buffer_string(&output), samples[i].want) != 0)
            fail_msg("%s\n  gives \"%s\"\n  not   \"%s\"", samples[i].input, buffer_string(&output),
                     samples[i].want);
        convert(buffer_view(&output), &again);
        if (is_stable && strcmp(buffer_string(&again), samples[i].want) != 0)
            fail_msg("%s\n  gives \"%s\"\n  and then \"%s\"", samples[i].input, samples[i].want,
                     buffer_string(&again));
        buffer_free(&output);
        buffer_free(&again);
    }
}

#define CHECK(samples) check(samples, sizeof samples / sizeof samples[0], true)

static void test_accents(void **state)
{
    static const struct sample samples[] = {
        {"Poincar\\'e", "Poincaré"},
        {"Poincar\\'{e}", "Poincaré"},
        {"Poincar{\\'e}", "Poincaré"},
        {"Poincar{\\' e}", "Poincaré"},
        {"Poincar{\\'{e}}", "Poincaré"},
        {"\\'Etienne, \\`A, \\^o \\\"u \\~n \\=o \\.z", "Étienne, À, ô ü ñ ō ż"},
        {"na\\\"{\\i}ve, na{\\\"\\i}ve, na\\\"\\i ve", "naïve, naïve, naïve"},
        {"\\^\\j{}a", "ĵa"},
        {"\\v{c} \\v c \\v{S} {\\v s}", "č č Š š"},
        {"\\c c, \\c{S}, Fran\\c{c}ois", "ç, Ş, François"},
        {"Erd\\H{o}s, Erd{\\H o}s", "Erdős, Erdős"},
        {"\\k{a}, \\k e", "ą, ę"},
        {"\\r a, \\r{u}", "å, ů"},
        {"\\u g, Islamo\\u{g}lu", "ğ, Islamoğlu"},
        {"\\.Ismail \\.I B\\.ilen \\.{\\i}", "İsmail İ Bilen i"},
        {"\\d{s}, \\d{H}", "ṣ, Ḥ"},
        {"\\b{o}, \\b{d}", "o\u0331, ḏ"},
        {"\\t{oo}", "o\u0361o"},
        {"\\h{a}", "ả"},
        {"\\'{\\^e}", "ế"},
        {"\\\"{q}", "q\u0308"},
        {"Ho\\v zaev", "Hožaev"},
        {"Schr\\''odinger", "Schrödinger"},
        {"Gr{\\\" o}nwall", "Grönwall"},
        {"Mi{\\l}o\\'s", "Miłoś"},
        {"J\\'er\\^ome Botoko", "Jérôme Botoko"},
        {"\\'{ }", "\\'{ }"},
        {"\\'", "\\'"},
        {"\\~{} and \\^{}", "~ and ^"},
        {"say \\\"(x)", "say \"(x)"},
        {"Dr\\. Kernel", "Dr\\. Kernel"},
        {"regex \\b1 stays", "regex \\b1 stays"},
    };

    (void)state;
    CHECK(samples);
}

static void test_letters(void **state)
{
    static const struct sample samples[] = {
        {"Kra{\\ss}, Kra\\ss, Kra\\ss{}e, Kra\\ss e", "Kraß, Kraß, Kraße, Kraße"},
        {"S{\\o}gaard, \\O ystein, {\\O}rsted", "Søgaard, Øystein, Ørsted"},
        {"{\\L}ukasz, Pawe\\l{}, \\AA rhus, \\aa", "Łukasz, Paweł, Århus, å"},
        {"\\ae \\AE \\oe \\OE", "æÆœŒ"},
        {"\\dh\\DH\\th\\TH\\dj\\ng", "ðÐþÞđŋ"},
        {"{\\i}{\\j}", "ıȷ"},
        {"\\S 3", "§3"},
        {"M. \\v{S}koviera and {\\O}. {\\AA}s", "M. Škoviera and Ø. Ås"},
    };

    (void)state;
    CHECK(samples);
}

static void test_symbols(void **state)
{
    static const struct sample samples[] = {
        {"$\\alpha$, $\\beta_1$, $\\Gamma$-convergence", "α, β₁, Γ-convergence"},
        {"$\\epsilon$ $\\varepsilon$ $\\phi$ $\\varphi$ $\\vartheta$ $\\varrho$ $\\varsigma$",
         "ε ε φ φ ϑ ϱ ς"},
        {"$\\mu$m", "μm"},
        {"$x \\leq y$, $x\\le y$, $x\\geq y$, $x \\neq y$", "x ≤ y, x≤y, x≥y, x ≠ y"},
        {"$a \\in\\mathbb{R}$, $a\\notin B$", "a ∈ ℝ, a∉B"},
        {"$f:\\mathbb R^n\\to\\mathbb R$", "f:ℝⁿ→ℝ"},
        {"$\\sim 100$, $x \\sim y$, $\\approx5\\sigma$", "∼100, x ∼ y, ≈5σ"},
        {"$2\\times 2$, 10$\\times$ faster", "2×2, 10× faster"},
        {"$\\forall x \\exists y$", "∀ x ∃ y"},
        {"$\\pm\\infty$, $\\cdots$, $\\ldots$", "±∞, ⋯, …"},
        {"$A \\cup B \\cap C \\subseteq D \\setminus E$", "A ∪ B ∩ C ⊆ D ∖ E"},
        {"$\\Rightarrow$ $\\mapsto$ $\\leftrightarrow$", "⇒ ↦ ↔"},
        {"$\\nabla \\cdot u$, $\\Delta u$, $\\partial_t u$", "∇ · u, Δu, ∂ₜ u"},
        {"$\\not\\in$, $x \\not= y$", "∉, x ≠ y"},
        {"$\\langle x \\rangle$, $\\{ x, y \\}$, $\\left\\lceil a \\right\\rceil$, $f = \\{ a \\}$",
         "⟨x⟩, {x, y}, ⌈a⌉, f = {a}"},
        {"$a \\rangle b \\lvert c \\rvert$, a set \\{ a \\}", "a⟩ b |c|, a set { a }"},
        {"$\\langle u, v\\rangle$, $\\|u\\|$, $\\lVert u\\rVert$", "⟨u, v⟩, ‖u‖, ‖u‖"},
        {"$\\log n$, $n\\log n$, $\\log(n)$, $\\log\\log n$", "log n, n log n, log(n), log log n"},
        {"$\\operatorname{Div} u$, $\\operatorname*{argmin} f$", "Div u, argmin f"},
        {"$\\partialΩ$ and $\\leqα$", "∂Ω and ≤α"},
        {"5\\% \\& \\_ \\# \\{a, b\\}", "5% & _ # {a, b}"},
        {"the \\lambda = 5 case", "the λ = 5 case"},
        {"\\unicode{x2014}", "—"},
    };

    (void)state;
    CHECK(samples);
}

static void test_alphabets_and_content(void **state)
{
    static const struct sample samples[] = {
        {"$\\mathbb{R}$, $\\mathbb{CHNPQZ}$, $\\mathbb{E}[X]$, $\\mathbb{1}$", "ℝ, ℂℍℕℙℚℤ, 𝔼[X], 𝟙"},
        {"$\\mathcal{O}(n^2)$, $\\mathcal O(n)$, $\\mathscr{D}$", "O(n²), O(n), D"},
        {"$\\mathrm{km}$, ${\\rm km}$, $10\\,\\mathrm{km\\,s^{-1}}$", "km, km, 10 km s⁻¹"},
        {"\\emph{foo} \\textbf{bar \\textit{baz}} \\texttt{--flag} \\textsc{x} \\underline{u}",
         "foo bar baz --flag x u"},
        {"{\\em whole words} and {\\bf B}", "whole words and B"},
        {"$x = 1 \\text{ if } y$", "x = 1 if y"},
        {"$\\mbox{in $B$}$", "in B"},
        {"\\url{http://x.org/~me/a_b} \\href{http://u.org}{the page}", "http://x.org/~me/a_b the page"},
        {"\\textcolor{red}{hot}, \\enquote{so}", "hot, “so”"},
        {"It works\\footnote{Not always.}.", "It works (Not always.)."},
        {"1\\textsuperscript{st}, H\\textsubscript{2}O", "1ˢᵗ, H₂O"},
        {"{B}ayesian {BERT} {van der Berg} 1{,}000", "Bayesian BERT van der Berg 1,000"},
        {"$\\hat{\\theta}$, $\\tilde O(n)$, $\\bar{x}_i$, $\\vec v$", "θ\u0302, Õ(n), x\u0304ᵢ, v\u20D7"},
        {"$\\widehat{AB}$", "AB"},
        {"$\\left( x \\right)$, $\\bigl[y\\bigr]$, $\\left. z \\right|$", "( x ), [y], z |"},
        {"$X \\xrightarrow{d} Y$, $a \\overset{!}{=} b$", "X →[d] Y, a = b"},
    };

    (void)state;
    CHECK(samples);
}

static void test_scripts(void **state)
{
    static const struct sample samples[] = {
        {"$x^2$, $x^{-1}$, $x^{10}$, $10^{-3}$, $x^{n+1}$", "x², x⁻¹, x¹⁰, 10⁻³, xⁿ⁺¹"},
        {"$x_i$, $x_{i}$, $x_{ij}$, $x_{12}$", "xᵢ, xᵢ, xᵢⱼ, x₁₂"},
        {"$x_{max}$, $T_{\\rm eff}$, $M_{\\text{gas}}$", "x_max, T_eff, M_gas"},
        {"Gd$_{0.7}$O, $x_.$, $10^{4.1}$", "Gd₀.₇O, x_., 10^(4.1)"},
        {"$x_{i,j}$, $W^{1,p}$, $e^{n/2}$", "x_(i,j), W^(1,p), e^(n/2)"},
        {"$x_{max}y$, $L^{\\infty}$, $M_\\odot$, $2^*$", "x_max y, L^∞, M_⊙, 2^*"},
        {"$x^{y^2}$, $x_{n_k}$", "x^(y²), x_(nₖ)"},
        {"$f'$, $f''$, $f^\\prime$, $90^\\circ$, $A^\\top$, $A^\\dagger$", "f′, f″, f′, 90°, Aᵀ, A†"},
        {"C$^*$-algebra, 10$^{-3}$, M$_\\odot$", "C^*-algebra, 10⁻³, M_⊙"},
        {"$0.95^{+0.05}_{-0.10}$", "0.95^(+0.05)_(-0.10)"},
        {"R^2 of 0.9, 10^-3, cm^{-2}, H_{2}O, 10^10", "R² of 0.9, 10⁻³, cm⁻², H₂O, 10¹⁰"},
        {"pass^k, pass^1, foo_bar, I2_28, __init__", "pass^k, pass^1, foo_bar, I2_28, __init__"},
        {"\\partial_t u in text, \\alpha^2", "∂ₜ u in text, α²"},
        {"$\\lim_{x\\to 0} f$, $\\sum_{i=1}^n a_i$, $\\int_0^1 f\\,dx$",
         "lim_(x→0) f, ∑ᵢ₌₁ⁿ aᵢ, ∫₀¹ f dx"},
        {"$\\alpha _{ij}$ and $x ^2$", "αᵢⱼ and x²"},
        {"$x_$ and $^$", "x_ and ^"},
    };

    (void)state;
    CHECK(samples);
}

static void test_fractions_and_roots(void **state)
{
    static const struct sample samples[] = {
        {"$\\frac{a}{b}$, $\\frac12$, $\\tfrac{1}{2}x$", "a/b, 1/2, 1/2 x"},
        {"$\\frac{a+b}{2}$, $\\frac{1}{2n}$, $\\frac{1}{n+1}$", "(a+b)/2, 1/(2n), 1/(n+1)"},
        {"$\\frac{\\partial u}{\\partial t}$, $\\frac{du}{dt}$", "∂u/∂t, du/dt"},
        {"$x^{\\frac{1}{2}}$, $2\\frac{a}{b}$", "x^(1/2), 2 a/b"},
        {"${a+1 \\over b}$", "(a+1)/b"},
        {"$\\sqrt{x}$, $\\sqrt x$, $\\sqrt{x+1}$, $\\sqrt[3]{2}$, $\\sqrt[n]{x}$",
         "√x, √x, √(x+1), ∛2, ⁿ√x"},
        {"$\\binom{n}{k}$", "(n choose k)"},
        {"$\\frac{a}$", "\\frac{a}"},
        {"$O(\\sqrt{T\\log T})$", "O(√(T log T))"},
        {"$\\frac{1}{T}\\sum x$, $\\frac{1}{2}\\sqrt{n}$", "1/T ∑ x, 1/2 √n"},
        {"$\\frac{a}{\\sqrt{nT}}$", "a/√(nT)"},
    };

    (void)state;
    CHECK(samples);
}

static void test_dollars(void **state)
{
    static const struct sample samples[] = {
        {"$5 and $10", "$5 and $10"},
        {"costs \\$3 a day", "costs $3 a day"},
        {"less than $11 in total, $700,000 per day", "less than $11 in total, $700,000 per day"},
        {"between $5-$10, $5/$6", "between $5-$10, $5/$6"},
        {"a $50 million fund with $x$ shares and $y$", "a $50 million fund with x shares and y"},
        {"($/1k queries) or ($/token)", "($/1k queries) or ($/token)"},
        {"$100 GeV$, $5$ and $6$", "100 GeV, 5 and 6"},
        {"lone $ and that is it", "lone $ and that is it"},
        {"merely $e^{-V} under strict convexity assumptions on $V$.",
         "merely $e⁻ⱽ under strict convexity assumptions on V."},
        {"$\\lesssim$\\$200/kg", "≲$200/kg"},
        {"\\(x^2\\) and \\[y = 1.\\] and $$z$$", "x² and y = 1. and z"},
        {"that\\[x=1\\]holds", "that x=1 holds"},
        {"lone \\( and \\[", "lone \\( and \\["},
        {"$ x $ spaced", "x spaced"},
        {"$a$$b$", "ab"},
        {"$$", "$$"},
    };

    (void)state;
    CHECK(samples);
}

static void test_environments(void **state)
{
    static const struct sample samples[] = {
        {"\\begin{equation*}\n u_t = \\Delta u \\end{equation*} holds", "uₜ = Δu holds"},
        {"$\\left\\{\\begin{array}{l} u = 0 \\\\ v = 1, \\\\ \\end{array}\\right.$", "{u = 0; v = 1,"},
        {"\\begin{align}\\label{e} a &= b\\\\[2mm] c &= d \\end{align}", "a = b; c = d"},
        {"$\\cases{0 & x\\cr 1 & y}$", "0 x; 1 y"},
        {"\\begin{itemize}\\item one \\item[(b)] two\\end{itemize}", "• one (b) two"},
        {"\\begin{theorem} $x$ \\end{theorem}", "\\begin{theorem} x \\end{theorem}"},
        {"\\begin{equation} x", "\\begin{equation} x"},
        {"\\begin{align} \\begin{cases} a \\end{align}", "\\begin{cases} a"},
        {"line\\\\break \\newline here", "line break here"},
    };

    (void)state;
    CHECK(samples);
}

static void test_typography(void **state)
{
    static const struct sample samples[] = {
        {"``quoted'' and `single'", "“quoted” and ‘single’"},
        {"``half\" and ''wrong'' and \"plain\"", "“half” and “wrong” and \"plain\""},
        {"Hawai`i, `Oumuamua, `code`, ```x```", "Hawai`i, `Oumuamua, `code`, ```x```"},
        {"don't, f'' alone, ``it's'' so", "don't, f'' alone, “it's” so"},
        {"Navier--Stokes, a --- b, 1--2, x -- y", "Navier–Stokes, a — b, 1–2, x – y"},
        {"--flag, (--opt), `--x`, ----, -->, <!-- x", "--flag, (--opt), `--x`, ----, -->, <!-- x"},
        {"$0.43$--$0.47$", "0.43–0.47"},
        {"version~2, Fig.~3, G.~Galdi", "version 2, Fig. 3, G. Galdi"},
        {"~50%, (~60 FPS), up to ~ 5", "~50%, (~60 FPS), up to ~ 5"},
        {"http://x/~user/a_b--c^2 or https://y/\\~{}me\\_too", "http://x/~user/a_b--c^2 or https://y/~me_too"},
        {"5\\,km, a\\ b, soft\\-hyphen, 2\\quad3", "5 km, a b, softhyphen, 2 3"},
        {"$a\\,b\\;c\\!d$", "a b cd"},
    };

    (void)state;
    CHECK(samples);
}

/* What is not known stays as it was, and so does what is no TeX at all. */
static void test_left_alone(void **state)
{
    static const struct sample samples[] = {
        {"\\foo \\foo{a_b $x$}[c]{d} \\method{} x", "\\foo \\foo{a_b $x$}[c]{d} \\method{} x"},
        {"\\cite{Smith_2020} \\citep[see][]{a} \\ref{x}", "\\cite{Smith_2020} \\citep[see][]{a} \\ref{x}"},
        {"$\\foo_2 + \\bar$", "\\foo₂ + \\bar"},
        {"sets {0,1} and {a: 1} and {\"k\"} and {}", "sets {0,1} and {a: 1} and {\"k\"} and {}"},
        {"unbalanced { and } and }{", "unbalanced { and } and }{"},
        {"C:\\dir\\file, \\", "C:\\dir\\file, \\"},
        {"日本語 Ελληνικά ℝ é e\u0301 \xF0\x9F\x98\x80", "日本語 Ελληνικά ℝ é e\u0301 \xF0\x9F\x98\x80"},
        {"plain words, nothing else", "plain words, nothing else"},
        {"", ""},
        {"\\\\", "\\\\"},
        {"$$", "$$"},
        {"\\, \\;", "\\, \\;"},
        {"\\é", "\\é"},
        {"\\emph unbraced", "\\emph unbraced"},
    };

    (void)state;
    CHECK(samples);
}

static void test_adds_to_what_is_there(void **state)
{
    struct buffer output;

    (void)state;
    buffer_init(&output, 100);
    buffer_add_string(&output, "before x");
    tex_to_unicode(VIEW("$_2$ \\'e"), &output);
    assert_string_equal(buffer_string(&output), "before x₂ é");
    buffer_free(&output);
    buffer_init(&output, 4);
    tex_to_unicode(VIEW("$\\alpha\\beta\\gamma$"), &output);
    assert_true(output.failed);
    buffer_free(&output);
}

static void test_table(void **state)
{
    (void)state;
    assert_true(tex_table_is_sorted());
}

/* Ill-formed bytes go through; well-formed text never comes out ill-formed. */
static void test_bytes(void **state)
{
    static const char *const inputs[] = {"\\'\xC3\xA9", "$x^\xCE\xB1$", "\\\xCE\xB1", "{\xCE\xB1}",
                                         "$\\frac\xCE\xB1\xCE\xB2$", "\\v\xC4\x8D", "~\xC3\xA9~"};

    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        struct buffer output;

        convert(view_of(inputs[i]), &output);
        assert_true(utf8_is_valid(buffer_view(&output)));
        buffer_free(&output);
    }
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        size_t size = strlen(inputs[i]);

        for (size_t cut = 0; cut < size; cut++) {
            struct buffer head, tail;

            convert(view_slice(view_of(inputs[i]), 0, cut), &head);
            convert(view_slice(view_of(inputs[i]), cut, size), &tail);
            buffer_free(&head);
            buffer_free(&tail);
        }
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Half a megabyte of what could cost quadratic time or the stack. */
static void test_hostile(void **state)
{
    static const char *const units[] = {
        "{", "}", "$", "$$", "$ ", "{$}", "{$", "\\(", "\\[", "\\begin{a}", "\\begin{equation}", "\\end{a}",
        "\\begin{cases}\\end{align}", "^", "_", "x^", "x_{", "\\frac", "\\frac{", "\\frac1", "\\sqrt{",
        "\\hat", "\\hat{", "\\'", "\\'{", "\\not", "\\mathbb{", "\\text{$", "\\foo[", "\\foo{", "`", "``",
        "''", "` '", "--", "~", "\\left", "\\\\", "&", "http://", "\\over ", "{\\over ", "\\item", "$1 ",
        "$and ", "\\href{", "\\text{a", "\"", "\\footnote{", "\\overset{a}", "a\\sqrt[n]{", "$x_{\\text{$"};

    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct buffer input, output;
        double start;

        buffer_init(&input, 1 << 20);
        buffer_add_string(&input, i % 2 ? "$" : "");
        while (input.size < 500000)
            buffer_add_string(&input, units[i]);
        start = seconds();
        convert(buffer_view(&input), &output);
        if (seconds() - start > 2.0)
            fail_msg("\"%s\" over and over took %.1f s", units[i], seconds() - start);
        assert_true(output.size <= input.size * TEX_GROWTH);
        buffer_free(&input);
        buffer_free(&output);
    }
}

/* Plain text is stepped over in blocks: each mark is seen wherever it stands. */
static void test_marks_anywhere(void **state)
{
    static const struct sample marks[] = {
        {"\\'e", "é"},      {"$x$", "x"},  {"{\\o}", "ø"}, {"^2", "²"},  {"_{2}", "₂"}, {"~b", " b"},
        {"x``q''", "x“q”"}, {"--- ", "— "}, {"-", "-"},     {"'s", "'s"}, {"\"", "\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        for (size_t before = 1; before < 80; before++) {
            struct buffer input, want, output;

            buffer_init(&input, 200);
            buffer_init(&want, 200);
            for (size_t k = 0; k < before; k++)
                buffer_add_char(&input, k + 1 == before ? 'a' : ' ');
            buffer_add_view(&want, buffer_view(&input));
            buffer_add_string(&input, marks[i].input);
            buffer_add_string(&want, marks[i].want);
            convert(buffer_view(&input), &output);
            assert_string_equal(buffer_string(&output), buffer_string(&want));
            buffer_free(&input);
            buffer_free(&want);
            buffer_free(&output);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accents),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_alphabets_and_content),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_fractions_and_roots),
        cmocka_unit_test(test_dollars),
        cmocka_unit_test(test_environments),
        cmocka_unit_test(test_typography),
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_marks_anywhere),
        cmocka_unit_test(test_adds_to_what_is_there),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
