-- The Typst code of this project's blocks. This filter runs last, after the citations. The functions that it calls
-- (picture, callout, cards, badge, ...) are defined in templates/look.typ.

local kinds = { finding = "Finding", note = "Note", warning = "Warning" }
local verdicts = { "reproduced", "partly", "not-reproduced", "not-judged", "not-checkable" }

-- A table with more rows may break over pages; a shorter one floats, like a figure.
local LONG = 14

local function typst(text) return pandoc.RawBlock("typst", text) end
local function inline(text) return pandoc.RawInline("typst", text) end
local function quoted(text) return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"') .. '"' end
local function label(id) return id ~= "" and "<" .. id .. ">" or "" end
local function written(inlines)
  return (pandoc.write(pandoc.Pandoc { pandoc.Plain(inlines) }, "typst-citations-smart"):gsub("%s+$", ""))
end

-- TeX that pandoc translates badly: it turns \bigl( into scaled text with space around it, although Typst chooses the
-- size of delimiters; it prints \tfrac at full size; and it adds space after \lvert.
local function simplified(tex)
  tex = tex:gsub("\\lvert", "\\left|"):gsub("\\rvert", "\\right|"):gsub("\\lVert", "\\left\\|"):gsub("\\rVert", "\\right\\|")
  return (tex:gsub("\\[bB]igg?[lrm]?%f[^%a]", ""):gsub("\\tfrac%s*12", "½"):gsub("\\tfrac%s*{1}{2}", "½"))
end

-- PDF/UA requires alternative text for each formula: the alt attribute of its block, otherwise its TeX.
local function formula(math, alt)
  local body = written { pandoc.Math(math.mathtype, simplified(math.text)) }
  return body, quoted(alt or math.text:gsub("%s+", " "))
end

local function equation(div)
  local body, alt = formula(div.content[1].content[1], div.attributes.alt)
  local number = div.attributes.number
  local numbering = number and "_ => [(" .. number .. ")]" or "none"
  return typst("#math.equation(block: true, numbering: " .. numbering .. ", alt: " .. alt .. ", " .. body .. ")"
    .. label(div.identifier))
end

local function figure(fig)
  local image
  fig:walk { Image = function(element) image = element end }
  if not image then return nil end
  local caption = written(pandoc.utils.blocks_to_inlines(fig.caption.long))
  local alt = quoted(pandoc.utils.stringify(image.caption))
  -- a figure of class here does not float
  local placement = image.classes:includes("here") and "none" or "auto"
  return typst("#figure(picture(" .. quoted(image.src) .. ", " .. alt .. "), alt: " .. alt
    .. ", kind: image, placement: " .. placement .. ", caption: [" .. caption .. "])" .. label(fig.identifier))
end

local function cards(div)
  local out = {}
  for _, item in ipairs(div.content[1].content) do
    local inlines = item[1].content
    local value = table.remove(inlines, 1)
    out[#out + 1] = "card([" .. written(value.content) .. "], [" .. written(inlines) .. "])"
  end
  return typst("#cards(" .. table.concat(out, ", ") .. ")")
end

-- The findings: a grid with a card for each .key-finding, which holds a title, a picture and a sentence or two.
local function findings(div)
  local out = pandoc.Blocks { typst("#findings(") }
  for _, card in ipairs(div.content) do
    out:insert(typst("["))
    out:extend(card.content)
    out:insert(typst("],"))
  end
  out:insert(typst(")"))
  return out
end

local function wrapped(before, blocks, after)
  return pandoc.Blocks { typst(before) } .. blocks .. { typst(after) }
end

-- A picture that is a whole paragraph and has no caption: a figure that a notebook cell drew.
local function bare_picture(para)
  local image = para.content[1]
  if image and image.t == "Image" and #para.content <= 2 then
    return typst("#picture(" .. quoted(image.src) .. ", " .. quoted(image.attributes.alt or
      pandoc.utils.stringify(image.caption)) .. ")")
  end
end

-- The first chapter of class appendix is A.
local in_appendix = false
local function heading(header)
  if header.level > 1 or in_appendix or not header.classes:includes("appendix") then return nil end
  in_appendix = true
  return { typst('#counter(heading).update(0)\n#set heading(numbering: "A.1")'), header }
end

local blocks = {
  Header = heading,
  Figure = figure,
  Para = bare_picture,
  CodeBlock = function(code)
    if code.classes:includes("output") then
      return typst('#raw(block: true, lang: "output", ' .. quoted(code.text):gsub("\n", "\\n") .. ")")
    end
  end,
  Table = function(tbl)
    for _, column in ipairs(tbl.colspecs) do
      if column[1] == "AlignDefault" then column[1] = "AlignLeft" end
    end
    if tbl.classes:includes("here") then return tbl end  -- like a figure of class here
    local rows = 0
    for _, body in ipairs(tbl.bodies) do rows = rows + #body.body end
    local dense = tbl.classes:includes("claims") or tbl.classes:includes("dense")
    local layout = dense and "dense" or rows > LONG and "long" or "short"
    if tbl.classes:includes("scoreboard") then layout = "scoreboard" end
    return wrapped("#" .. layout .. "[", pandoc.Blocks { tbl }, "]")
  end,
  Div = function(div)
    if div.classes:includes("cards") then return cards(div) end
    if div.classes:includes("findings") then return findings(div) end
    if div.classes:includes("abstract") then return wrapped("#abstract[", div.content, "]") end
    if div.identifier == "front" then return div.content end
    if div.identifier == "refs" then return wrapped("#reference-list[", div.content, "]") end
    if div.classes:includes("details") then return div.content end
    for kind, name in pairs(kinds) do
      if div.classes:includes(kind) then
        local title = div.attributes.title
        return wrapped("#callout(" .. quoted(kind) .. ", [" .. name .. "]"
          .. (title and ", title: [" .. written { pandoc.Str(title) } .. "]" or "") .. ")[", div.content, "]")
      end
    end
  end,
}

local equations = {
  Div = function(div)
    if div.classes:includes("equation") then return equation(div) end
  end,
}

local inlines = {
  Math = function(math)
    local body, alt = formula(math)
    local block = math.mathtype == "DisplayMath" and "block: true, " or ""
    return inline("#math.equation(" .. block .. "alt: " .. alt .. ", " .. body .. ")")
  end,
  Span = function(span)
    if span.classes:includes("badge") then
      for _, verdict in ipairs(verdicts) do
        if span.classes:includes(verdict) then
          return pandoc.Inlines { inline("#badge(" .. quoted(verdict) .. ")[") } .. span.content .. { inline("]") }
        end
      end
    end
    for _, name in ipairs { "small", "aside", "caption-label", "nobreak" } do
      if span.classes:includes(name) then
        return pandoc.Inlines { inline("#" .. name .. "[") } .. span.content .. { inline("]") }
      end
    end
  end,
}

return { equations, inlines, blocks }
