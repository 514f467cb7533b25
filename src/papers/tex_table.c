#include "papers/tex_parts.h"

#include <stdlib.h>
#include <string.h>

/* The names that are known, as data. Each list is sorted in ASCII order, since
 * it is searched by halves. Where plain TeX, LaTeX and AMS have several shapes
 * of one letter, arXiv's own conversion decides: both epsilons are ε and both
 * phis φ, which is also what people type when they search. */
struct entry {
    const char *name;
    const char *text;
};

struct command {
    const char *name;
    enum tex_kind kind;
};

static const struct entry LETTERS[] = {
    {"AA", "Å"}, {"AE", "Æ"}, {"DH", "Ð"}, {"DJ", "Đ"}, {"IJ", "Ĳ"}, {"NG", "Ŋ"}, {"OE", "Œ"},
    {"SS", "ẞ"}, {"TH", "Þ"}, {"aa", "å"}, {"ae", "æ"}, {"dh", "ð"}, {"dj", "đ"}, {"i", "ı"},
    {"ij", "ĳ"}, {"j", "ȷ"}, {"ng", "ŋ"}, {"oe", "œ"}, {"ss", "ß"}, {"th", "þ"},
};

static const struct entry TEXT_LETTERS[] = {
    {"L", "Ł"}, {"O", "Ø"}, {"P", "¶"}, {"S", "§"}, {"l", "ł"}, {"o", "ø"},
};

static const struct entry SYMBOLS[] = {
    {"Box", "□"}, {"Delta", "Δ"}, {"Diamond", "◇"}, {"Gamma", "Γ"}, {"Im", "ℑ"},
    {"LaTeX", "LaTeX"}, {"Lambda", "Λ"}, {"Omega", "Ω"}, {"Phi", "Φ"}, {"Pi", "Π"}, {"Psi", "Ψ"},
    {"Re", "ℜ"}, {"Sigma", "Σ"}, {"TeX", "TeX"}, {"Theta", "Θ"}, {"Upsilon", "Υ"}, {"Vert", "‖"},
    {"Xi", "Ξ"}, {"aleph", "ℵ"}, {"alpha", "α"}, {"angle", "∠"}, {"arcmin", "′"},
    {"arcminute", "′"}, {"arcsec", "″"}, {"arcsecond", "″"}, {"backslash", "\\"}, {"beta", "β"},
    {"beth", "ℶ"}, {"bigcirc", "◯"}, {"bigstar", "★"}, {"blacksquare", "■"},
    {"blacktriangle", "▲"}, {"blacktriangledown", "▼"}, {"bot", "⊥"}, {"cdots", "⋯"},
    {"checkmark", "✓"}, {"chi", "χ"}, {"circledR", "®"}, {"clubsuit", "♣"}, {"cmark", "✓"},
    {"complement", "∁"}, {"copyright", "©"}, {"dag", "†"}, {"ddag", "‡"}, {"ddots", "⋱"},
    {"degree", "°"}, {"delta", "δ"}, {"diamondsuit", "♢"}, {"digamma", "ϝ"}, {"dots", "…"},
    {"dotsb", "⋯"}, {"dotsc", "…"}, {"dotsi", "⋯"}, {"dotsm", "⋯"}, {"dotso", "…"},
    {"earth", "⊕"}, {"ell", "ℓ"}, {"emptyset", "∅"}, {"eps", "ε"}, {"epsilon", "ε"}, {"eta", "η"},
    {"eth", "ð"}, {"euro", "€"}, {"exists", "∃"}, {"flat", "♭"}, {"forall", "∀"}, {"gamma", "γ"},
    {"glqq", "„"}, {"grqq", "“"}, {"guillemetleft", "«"}, {"guillemetright", "»"},
    {"guillemotleft", "«"}, {"guillemotright", "»"}, {"guilsinglleft", "‹"},
    {"guilsinglright", "›"}, {"hbar", "ℏ"}, {"heartsuit", "♡"}, {"hslash", "ℏ"}, {"imath", "ı"},
    {"infty", "∞"}, {"intercal", "⊺"}, {"iota", "ι"}, {"jmath", "ȷ"}, {"kappa", "κ"},
    {"lVert", "‖"}, {"lambda", "λ"}, {"langle", "⟨"}, {"lbrace", "{"}, {"lbrack", "["},
    {"lceil", "⌈"}, {"ldots", "…"}, {"lfloor", "⌊"}, {"llbracket", "⟦"}, {"llcorner", "⌞"},
    {"lnot", "¬"}, {"lozenge", "◊"}, {"lrcorner", "⌟"}, {"lvert", "|"}, {"mars", "♂"},
    {"mathsection", "§"}, {"measuredangle", "∡"}, {"mho", "℧"}, {"micro", "µ"}, {"mu", "μ"},
    {"nabla", "∇"}, {"natural", "♮"}, {"neg", "¬"}, {"nexists", "∄"}, {"nu", "ν"}, {"omega", "ω"},
    {"omicron", "ο"}, {"partial", "∂"}, {"percent", "%"}, {"phi", "φ"}, {"pi", "π"},
    {"pounds", "£"}, {"prime", "′"}, {"psi", "ψ"}, {"rVert", "‖"}, {"rangle", "⟩"},
    {"rbrace", "}"}, {"rbrack", "]"}, {"rceil", "⌉"}, {"rfloor", "⌋"}, {"rho", "ρ"},
    {"rrbracket", "⟧"}, {"rvert", "|"}, {"sharp", "♯"}, {"sigma", "σ"}, {"slash", "/"},
    {"spadesuit", "♠"}, {"square", "□"}, {"sun", "☉"}, {"surd", "√"}, {"tau", "τ"},
    {"textasciicircum", "^"}, {"textasciitilde", "~"}, {"textasteriskcentered", "*"},
    {"textbackslash", "\\"}, {"textbar", "|"}, {"textbraceleft", "{"}, {"textbraceright", "}"},
    {"textbullet", "•"}, {"textcent", "¢"}, {"textcopyright", "©"}, {"textdagger", "†"},
    {"textdegree", "°"}, {"textdollar", "$"}, {"textellipsis", "…"}, {"textemdash", "—"},
    {"textendash", "–"}, {"texteuro", "€"}, {"textexclamdown", "¡"}, {"textgreater", ">"},
    {"textless", "<"}, {"textmu", "µ"}, {"textmugreek", "μ"}, {"textonehalf", "½"},
    {"textonequarter", "¼"}, {"textordfeminine", "ª"}, {"textordmasculine", "º"},
    {"textparagraph", "¶"}, {"textpercent", "%"}, {"textperiodcentered", "·"},
    {"textquestiondown", "¿"}, {"textquotedbl", "\""}, {"textquotedblleft", "“"},
    {"textquotedblright", "”"}, {"textquoteleft", "‘"}, {"textquoteright", "’"},
    {"textquotesingle", "'"}, {"textregistered", "®"}, {"textsection", "§"},
    {"textsterling", "£"}, {"textthreequarters", "¾"}, {"texttrademark", "™"},
    {"textunderscore", "_"}, {"textyen", "¥"}, {"theta", "θ"}, {"top", "⊤"}, {"triangle", "△"},
    {"triangledown", "▽"}, {"triangleleft", "◁"}, {"triangleright", "▷"}, {"ulcorner", "⌜"},
    {"upsilon", "υ"}, {"urcorner", "⌝"}, {"varDelta", "Δ"}, {"varGamma", "Γ"}, {"varLambda", "Λ"},
    {"varOmega", "Ω"}, {"varPhi", "Φ"}, {"varPi", "Π"}, {"varPsi", "Ψ"}, {"varSigma", "Σ"},
    {"varTheta", "Θ"}, {"varXi", "Ξ"}, {"varepsilon", "ε"}, {"varkappa", "ϰ"},
    {"varnothing", "∅"}, {"varphi", "φ"}, {"varpi", "ϖ"}, {"varrho", "ϱ"}, {"varsigma", "ς"},
    {"vartheta", "ϑ"}, {"vdots", "⋮"}, {"venus", "♀"}, {"vert", "|"}, {"wp", "℘"}, {"xi", "ξ"},
    {"xmark", "✗"}, {"yen", "¥"}, {"zeta", "ζ"},
};

static const struct entry NUMBER_SETS[] = {
    {"C", "ℂ"}, {"CC", "ℂ"}, {"N", "ℕ"}, {"NN", "ℕ"}, {"Q", "ℚ"}, {"QQ", "ℚ"}, {"R", "ℝ"},
    {"RR", "ℝ"}, {"Z", "ℤ"}, {"ZZ", "ℤ"},
};

static const struct entry BIG[] = {
    {"bigcap", "⋂"}, {"bigcup", "⋃"}, {"bigodot", "⨀"}, {"bigoplus", "⨁"}, {"bigotimes", "⨂"},
    {"bigsqcup", "⨆"}, {"biguplus", "⨄"}, {"bigvee", "⋁"}, {"bigwedge", "⋀"}, {"coprod", "∐"},
    {"fint", "⨍"}, {"iiint", "∭"}, {"iint", "∬"}, {"int", "∫"}, {"oiint", "∯"}, {"oint", "∮"},
    {"prod", "∏"}, {"sum", "∑"},
};

static const struct entry RELATIONS[] = {
    {"Downarrow", "⇓"}, {"Join", "⋈"}, {"Leftarrow", "⇐"}, {"Leftrightarrow", "⇔"},
    {"Longleftarrow", "⟸"}, {"Longleftrightarrow", "⟺"}, {"Longrightarrow", "⟹"},
    {"Rightarrow", "⇒"}, {"Subset", "⋐"}, {"Supset", "⋑"}, {"Uparrow", "⇑"}, {"Vdash", "⊩"},
    {"amalg", "⨿"}, {"approx", "≈"}, {"approxeq", "≊"}, {"ast", "*"}, {"asymp", "≍"},
    {"backsimeq", "⋍"}, {"barwedge", "⊼"}, {"because", "∵"}, {"between", "≬"}, {"bowtie", "⋈"},
    {"boxplus", "⊞"}, {"boxtimes", "⊠"}, {"bullet", "•"}, {"cap", "∩"}, {"cdot", "·"},
    {"cdotp", "·"}, {"centerdot", "·"}, {"circ", "∘"}, {"circlearrowleft", "↺"},
    {"circlearrowright", "↻"}, {"colon", ":"}, {"coloneq", "≔"}, {"coloneqq", "≔"}, {"cong", "≅"},
    {"cup", "∪"}, {"curlyvee", "⋎"}, {"curlywedge", "⋏"}, {"dagger", "†"},
    {"dashrightarrow", "⇢"}, {"dashv", "⊣"}, {"ddagger", "‡"}, {"diamond", "⋄"}, {"div", "÷"},
    {"divideontimes", "⋇"}, {"doteq", "≐"}, {"dotplus", "∔"}, {"downarrow", "↓"},
    {"eqqcolon", "≕"}, {"equiv", "≡"}, {"frown", "⌢"}, {"ge", "≥"}, {"geq", "≥"}, {"geqq", "≧"},
    {"geqslant", "⩾"}, {"gets", "←"}, {"gg", "≫"}, {"ggg", "⋙"}, {"gt", ">"}, {"gtrapprox", "⪆"},
    {"gtrless", "≷"}, {"gtrsim", "≳"}, {"hookleftarrow", "↩"}, {"hookrightarrow", "↪"},
    {"iff", "⟺"}, {"impliedby", "⟸"}, {"implies", "⟹"}, {"in", "∈"}, {"land", "∧"}, {"le", "≤"},
    {"leadsto", "⇝"}, {"leftarrow", "←"}, {"leftharpoondown", "↽"}, {"leftharpoonup", "↼"},
    {"leftleftarrows", "⇇"}, {"leftrightarrow", "↔"}, {"leftrightharpoons", "⇋"}, {"leq", "≤"},
    {"leqq", "≦"}, {"leqslant", "⩽"}, {"lessapprox", "⪅"}, {"lessgtr", "≶"}, {"lesssim", "≲"},
    {"ll", "≪"}, {"lll", "⋘"}, {"longleftarrow", "⟵"}, {"longleftrightarrow", "⟷"},
    {"longmapsto", "⟼"}, {"longrightarrow", "⟶"}, {"lor", "∨"}, {"lt", "<"}, {"ltimes", "⋉"},
    {"mapsto", "↦"}, {"mid", "|"}, {"models", "⊨"}, {"mp", "∓"}, {"multimap", "⊸"},
    {"ncong", "≇"}, {"ne", "≠"}, {"nearrow", "↗"}, {"neq", "≠"}, {"ngeq", "≱"}, {"ngtr", "≯"},
    {"ni", "∋"}, {"nleq", "≰"}, {"nless", "≮"}, {"nmid", "∤"}, {"notin", "∉"}, {"nparallel", "∦"},
    {"nrightarrow", "↛"}, {"nsim", "≁"}, {"nsubseteq", "⊈"}, {"nwarrow", "↖"}, {"odot", "⊙"},
    {"ominus", "⊖"}, {"oplus", "⊕"}, {"oslash", "⊘"}, {"otimes", "⊗"}, {"owns", "∋"},
    {"parallel", "∥"}, {"perp", "⊥"}, {"pm", "±"}, {"prec", "≺"}, {"preccurlyeq", "≼"},
    {"preceq", "⪯"}, {"precsim", "≾"}, {"propto", "∝"}, {"restriction", "↾"}, {"rightarrow", "→"},
    {"rightarrowtail", "↣"}, {"rightharpoondown", "⇁"}, {"rightharpoonup", "⇀"},
    {"rightleftharpoons", "⇌"}, {"rightrightarrows", "⇉"}, {"rightsquigarrow", "⇝"},
    {"rtimes", "⋊"}, {"searrow", "↘"}, {"setminus", "∖"}, {"sim", "∼"}, {"simeq", "≃"},
    {"smallsetminus", "∖"}, {"smile", "⌣"}, {"sqcap", "⊓"}, {"sqcup", "⊔"}, {"sqsubset", "⊏"},
    {"sqsubseteq", "⊑"}, {"sqsupset", "⊐"}, {"sqsupseteq", "⊒"}, {"stackreleq", "≜"},
    {"star", "⋆"}, {"subset", "⊂"}, {"subseteq", "⊆"}, {"subsetneq", "⊊"}, {"succ", "≻"},
    {"succcurlyeq", "≽"}, {"succeq", "⪰"}, {"succsim", "≿"}, {"supset", "⊃"}, {"supseteq", "⊇"},
    {"supsetneq", "⊋"}, {"swarrow", "↙"}, {"textleftarrow", "←"}, {"textpm", "±"},
    {"textrightarrow", "→"}, {"texttimes", "×"}, {"therefore", "∴"}, {"thickapprox", "≈"},
    {"thicksim", "∼"}, {"times", "×"}, {"to", "→"}, {"trianglelefteq", "⊴"}, {"triangleq", "≜"},
    {"trianglerighteq", "⊵"}, {"twoheadrightarrow", "↠"}, {"uparrow", "↑"}, {"updownarrow", "↕"},
    {"upharpoonright", "↾"}, {"uplus", "⊎"}, {"vDash", "⊨"}, {"varpropto", "∝"},
    {"vartriangleleft", "⊲"}, {"vartriangleright", "⊳"}, {"vdash", "⊢"}, {"vee", "∨"},
    {"veebar", "⊻"}, {"wedge", "∧"}, {"wr", "≀"},
};

static const struct entry NAMES[] = {
    {"Pr", "Pr"}, {"arccos", "arccos"}, {"arcsin", "arcsin"}, {"arctan", "arctan"},
    {"arg", "arg"}, {"argmax", "arg max"}, {"argmin", "arg min"}, {"bmod", "mod"}, {"cos", "cos"},
    {"cosh", "cosh"}, {"cot", "cot"}, {"coth", "coth"}, {"csc", "csc"}, {"deg", "deg"},
    {"det", "det"}, {"dim", "dim"}, {"exp", "exp"}, {"gcd", "gcd"}, {"hom", "hom"},
    {"inf", "inf"}, {"injlim", "inj lim"}, {"ker", "ker"}, {"lg", "lg"}, {"lim", "lim"},
    {"liminf", "lim inf"}, {"limsup", "lim sup"}, {"ln", "ln"}, {"log", "log"}, {"max", "max"},
    {"min", "min"}, {"mod", "mod"}, {"projlim", "proj lim"}, {"sec", "sec"}, {"sin", "sin"},
    {"sinh", "sinh"}, {"sup", "sup"}, {"tan", "tan"}, {"tanh", "tanh"}, {"varliminf", "lim inf"},
    {"varlimsup", "lim sup"},
};

static const struct entry MATH_NAMES[] = {
    {"diag", "diag"}, {"erf", "erf"}, {"rank", "rank"}, {"sgn", "sgn"}, {"sign", "sign"},
    {"supp", "supp"}, {"tr", "tr"},
};

static const struct entry ACCENTS[] = {
    {"H", "\u030B"}, {"b", "\u0331"}, {"c", "\u0327"}, {"d", "\u0323"}, {"h", "\u0309"},
    {"k", "\u0328"}, {"r", "\u030A"}, {"t", "\u0361"}, {"textcommabelow", "\u0326"},
    {"u", "\u0306"}, {"v", "\u030C"},
};

static const struct entry HATS[] = {
    {"acute", "\u0301"}, {"bar", "\u0304"}, {"breve", "\u0306"}, {"check", "\u030C"},
    {"dddot", "\u20DB"}, {"ddot", "\u0308"}, {"dot", "\u0307"}, {"grave", "\u0300"},
    {"hat", "\u0302"}, {"mathring", "\u030A"}, {"overline", "\u0305"},
    {"overrightarrow", "\u20D7"}, {"tilde", "\u0303"}, {"underbar", "\u0332"}, {"vec", "\u20D7"},
    {"widecheck", "\u030C"}, {"widehat", "\u0302"}, {"widetilde", "\u0303"},
};

static const struct entry AROUND[] = {
    {"abs", "| |"}, {"ceil", "⌈ ⌉"}, {"enquote", "“ ”"}, {"floor", "⌊ ⌋"}, {"footnote", " ( )"},
    {"norm", "‖ ‖"}, {"pmod", "(mod )"}, {"pod", "( )"}, {"set", "{ }"}, {"tag", "( )"},
    {"xhookrightarrow", "↪[ ]"}, {"xleftarrow", "←[ ]"}, {"xrightarrow", "→[ ]"},
};

static const struct command COMMANDS[] = {
    {"Bbb", TEX_DOUBLE_STRUCK}, {"Big", TEX_GONE}, {"Bigg", TEX_GONE}, {"Biggl", TEX_GONE},
    {"Biggm", TEX_GONE}, {"Biggr", TEX_GONE}, {"Bigl", TEX_GONE}, {"Bigm", TEX_GONE},
    {"Bigr", TEX_GONE}, {"Cal", TEX_CONTENT}, {"EuScript", TEX_CONTENT}, {"Huge", TEX_GONE},
    {"LARGE", TEX_GONE}, {"Large", TEX_GONE}, {"MakeUppercase", TEX_WORDS}, {"SI", TEX_PAIR},
    {"allowbreak", TEX_GONE}, {"begin", TEX_BEGIN}, {"bf", TEX_GONE}, {"bfseries", TEX_GONE},
    {"big", TEX_GONE}, {"bigg", TEX_GONE}, {"biggl", TEX_GONE}, {"biggm", TEX_GONE},
    {"biggr", TEX_GONE}, {"bigl", TEX_GONE}, {"bigm", TEX_GONE}, {"bigr", TEX_GONE},
    {"bigskip", TEX_BLANK}, {"binom", TEX_BINOMIAL}, {"bm", TEX_CONTENT}, {"boldmath", TEX_GONE},
    {"boldsymbol", TEX_CONTENT}, {"boxed", TEX_CONTENT}, {"break", TEX_BLANK}, {"cal", TEX_GONE},
    {"cancel", TEX_CONTENT}, {"cases", TEX_ROWS}, {"centering", TEX_GONE},
    {"cfrac", TEX_FRACTION}, {"color", TEX_DROP}, {"colorbox", TEX_SECOND}, {"cr", TEX_BREAK},
    {"dbinom", TEX_BINOMIAL}, {"detokenize", TEX_LITERAL}, {"dfrac", TEX_FRACTION},
    {"displaylines", TEX_ROWS}, {"displaystyle", TEX_GONE}, {"em", TEX_GONE}, {"emph", TEX_WORDS},
    {"enskip", TEX_BLANK}, {"enspace", TEX_BLANK}, {"ensuremath", TEX_CONTENT},
    {"eqalign", TEX_ROWS}, {"fbox", TEX_WORDS}, {"flatfrac", TEX_FRACTION},
    {"footnotesize", TEX_GONE}, {"foreignlanguage", TEX_SECOND}, {"frac", TEX_FRACTION},
    {"frak", TEX_CONTENT}, {"frenchspacing", TEX_GONE}, {"hbox", TEX_WORDS}, {"hfill", TEX_BLANK},
    {"hl", TEX_WORDS}, {"hphantom", TEX_DROP}, {"href", TEX_SECOND}, {"hspace", TEX_SKIP},
    {"huge", TEX_GONE}, {"ignorespaces", TEX_GONE}, {"indent", TEX_GONE},
    {"intertext", TEX_WORDS}, {"ion", TEX_PAIR}, {"it", TEX_GONE}, {"item", TEX_ITEM},
    {"itshape", TEX_GONE}, {"label", TEX_DROP}, {"large", TEX_GONE}, {"leavevmode", TEX_GONE},
    {"left", TEX_DELIMITER}, {"limits", TEX_GONE}, {"linebreak", TEX_BLANK},
    {"lowercase", TEX_WORDS}, {"mathbb", TEX_DOUBLE_STRUCK}, {"mathbbm", TEX_DOUBLE_STRUCK},
    {"mathbf", TEX_CONTENT}, {"mathbin", TEX_CONTENT}, {"mathcal", TEX_CONTENT},
    {"mathclose", TEX_CONTENT}, {"mathds", TEX_DOUBLE_STRUCK}, {"mathfrak", TEX_CONTENT},
    {"mathit", TEX_CONTENT}, {"mathnormal", TEX_CONTENT}, {"mathop", TEX_CONTENT},
    {"mathopen", TEX_CONTENT}, {"mathord", TEX_CONTENT}, {"mathrel", TEX_CONTENT},
    {"mathrm", TEX_CONTENT}, {"mathscr", TEX_CONTENT}, {"mathsf", TEX_CONTENT},
    {"mathstrut", TEX_GONE}, {"mathtt", TEX_CONTENT}, {"matrix", TEX_ROWS}, {"mbox", TEX_WORDS},
    {"mdseries", TEX_GONE}, {"medskip", TEX_BLANK}, {"medspace", TEX_BLANK},
    {"middle", TEX_DELIMITER}, {"negthinspace", TEX_GONE}, {"newline", TEX_BLANK},
    {"nicefrac", TEX_FRACTION}, {"nobreak", TEX_GONE}, {"nobreakspace", TEX_BLANK},
    {"noindent", TEX_GONE}, {"nolimits", TEX_GONE}, {"nolinkurl", TEX_LITERAL},
    {"nonumber", TEX_GONE}, {"normalfont", TEX_GONE}, {"normalsize", TEX_GONE}, {"not", TEX_NOT},
    {"notag", TEX_GONE}, {"null", TEX_GONE}, {"num", TEX_CONTENT}, {"operatorname", TEX_OPERATOR},
    {"operatornamewithlimits", TEX_OPERATOR}, {"over", TEX_OVER}, {"overbrace", TEX_CONTENT},
    {"overleftarrow", TEX_CONTENT}, {"overset", TEX_SECOND}, {"pagestyle", TEX_DROP},
    {"par", TEX_BLANK}, {"path", TEX_LITERAL}, {"phantom", TEX_DROP}, {"pmatrix", TEX_ROWS},
    {"pmb", TEX_CONTENT}, {"protect", TEX_GONE}, {"qquad", TEX_BLANK}, {"qty", TEX_PAIR},
    {"quad", TEX_BLANK}, {"raggedright", TEX_GONE}, {"raisebox", TEX_SECOND}, {"relax", TEX_GONE},
    {"right", TEX_DELIMITER}, {"rm", TEX_GONE}, {"rmfamily", TEX_GONE}, {"sc", TEX_GONE},
    {"scalebox", TEX_SECOND}, {"scriptscriptstyle", TEX_GONE}, {"scriptsize", TEX_GONE},
    {"scriptstyle", TEX_GONE}, {"scshape", TEX_GONE}, {"selectfont", TEX_GONE}, {"sf", TEX_GONE},
    {"sffamily", TEX_GONE}, {"sfrac", TEX_FRACTION}, {"si", TEX_CONTENT},
    {"singlespacing", TEX_GONE}, {"sl", TEX_GONE}, {"sloppy", TEX_GONE}, {"slshape", TEX_GONE},
    {"small", TEX_GONE}, {"smallskip", TEX_BLANK}, {"smash", TEX_CONTENT}, {"sout", TEX_WORDS},
    {"space", TEX_BLANK}, {"sqrt", TEX_ROOT}, {"stackrel", TEX_SECOND}, {"strut", TEX_GONE},
    {"substack", TEX_CONTENT}, {"tbinom", TEX_BINOMIAL}, {"texorpdfstring", TEX_FIRST},
    {"text", TEX_WORDS}, {"textbf", TEX_WORDS}, {"textcolor", TEX_SECOND}, {"textit", TEX_WORDS},
    {"textmd", TEX_WORDS}, {"textnormal", TEX_WORDS}, {"textrm", TEX_WORDS},
    {"textsc", TEX_WORDS}, {"textsf", TEX_WORDS}, {"textsl", TEX_WORDS}, {"textstyle", TEX_GONE},
    {"textsubscript", TEX_SUBSCRIPT}, {"textsuperscript", TEX_SUPERSCRIPT}, {"texttt", TEX_WORDS},
    {"textup", TEX_WORDS}, {"tfrac", TEX_FRACTION}, {"thickspace", TEX_BLANK},
    {"thinspace", TEX_BLANK}, {"thispagestyle", TEX_DROP}, {"tiny", TEX_GONE}, {"tt", TEX_GONE},
    {"ttfamily", TEX_GONE}, {"ul", TEX_WORDS}, {"uline", TEX_WORDS}, {"unboldmath", TEX_GONE},
    {"underbrace", TEX_CONTENT}, {"underline", TEX_CONTENT}, {"underset", TEX_SECOND},
    {"unicode", TEX_CODEPOINT}, {"unit", TEX_CONTENT}, {"unskip", TEX_GONE},
    {"uppercase", TEX_WORDS}, {"upshape", TEX_GONE}, {"url", TEX_LITERAL},
    {"vcenter", TEX_CONTENT}, {"vphantom", TEX_DROP}, {"vspace", TEX_DROP}, {"xspace", TEX_GONE},
};

static const struct {
    const struct entry *entries;
    size_t count;
    enum tex_kind kind;
    enum tex_where where;
} LISTS[] = {
#define LIST(name, kind, where) {name, sizeof(name) / sizeof(name[0]), kind, where}
    LIST(SYMBOLS, TEX_SYMBOL, TEX_ANYWHERE),
    LIST(RELATIONS, TEX_RELATION, TEX_ANYWHERE),
    LIST(LETTERS, TEX_LETTER, TEX_ANYWHERE),
    LIST(TEXT_LETTERS, TEX_LETTER, TEX_TEXT_ONLY),
    LIST(ACCENTS, TEX_ACCENT, TEX_ANYWHERE),
    LIST(HATS, TEX_HAT, TEX_ANYWHERE),
    LIST(NAMES, TEX_NAME, TEX_ANYWHERE),
    LIST(MATH_NAMES, TEX_NAME, TEX_MATH_ONLY),
    LIST(NUMBER_SETS, TEX_SYMBOL, TEX_MATH_ONLY),
    LIST(BIG, TEX_BIG, TEX_ANYWHERE),
    LIST(AROUND, TEX_AROUND, TEX_ANYWHERE),
#undef LIST
};

enum { LIST_COUNT = sizeof LISTS / sizeof LISTS[0], COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

/* Orders a view against the name that a row begins with. */
static int compare_name(const void *key, const void *row)
{
    const struct view *name = key;
    const char *other;

    memcpy(&other, row, sizeof other);
    for (size_t i = 0; i < name->size; i++) { /* mostly the first letters differ */
        unsigned char a = (unsigned char)name->data[i], b = (unsigned char)other[i];

        if (a != b || !b)
            return a < b ? -1 : 1;
    }
    return other[name->size] ? -1 : 0;
}

bool tex_find_command(struct view name, struct tex_command *ret_command)
{
    const struct command *command;

    if (name.size > 32)
        return false;
    for (size_t i = 0; i < LIST_COUNT; i++) {
        const struct entry *entry = bsearch(&name, LISTS[i].entries, LISTS[i].count,
                                            sizeof *entry, compare_name);

        if (entry) {
            *ret_command = (struct tex_command){LISTS[i].kind, LISTS[i].where, entry->text};
            return true;
        }
    }
    command = bsearch(&name, COMMANDS, COMMAND_COUNT, sizeof *command, compare_name);
    if (!command)
        return false;
    *ret_command = (struct tex_command){command->kind, TEX_ANYWHERE, ""};
    return true;
}

bool tex_table_is_sorted(void)
{
    for (size_t i = 0; i < LIST_COUNT; i++)
        for (size_t k = 1; k < LISTS[i].count; k++)
            if (strcmp(LISTS[i].entries[k - 1].name, LISTS[i].entries[k].name) >= 0)
                return false;
    for (size_t k = 1; k < COMMAND_COUNT; k++)
        if (strcmp(COMMANDS[k - 1].name, COMMANDS[k].name) >= 0)
            return false;
    return true;
}

static bool is_one_of(struct view name, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (view_equal_string(name, names[i]))
            return true;
    return false;
}

bool tex_is_formula(struct view name, int *ret_arguments)
{
    static const char *const plain[] = {
        "align", "aligned", "cases", "displaymath", "dcases", "eqnarray", "equation", "gather",
        "gathered", "math", "matrix", "multline", "pmatrix", "bmatrix", "vmatrix", "smallmatrix",
        "split", "subequations", "flalign", "rcases"};
    static const char *const with_argument[] = {"array", "alignat", "alignedat"};

    if (name.size && name.data[name.size - 1] == '*')
        name.size--;
    *ret_arguments = is_one_of(name, with_argument, sizeof with_argument / sizeof with_argument[0]);
    return *ret_arguments || is_one_of(name, plain, sizeof plain / sizeof plain[0]);
}

bool tex_is_list(struct view name)
{
    static const char *const names[] = {"abstract", "center",    "description", "document",
                                        "enumerate", "itemize", "quote"};

    return is_one_of(name, names, sizeof names / sizeof names[0]);
}
