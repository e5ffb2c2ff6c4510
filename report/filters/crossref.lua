-- Numbers figures, tables, equations and sections, and turns @fig:x, @tbl:x, @eq:x and @sec:x into links.
-- This filter runs first and for every format, so that HTML and PDF have the same numbers. The Python code has already
-- checked that every reference has a target; this filter refuses citations that mix references with literature.

local words = { fig = "Figure", tbl = "Table", eq = "Equation", sec = "Section" }
local numbers = {}
local counters = { fig = 0, tbl = 0, eq = 0 }

local function assign(id, kind)
  counters[kind] = counters[kind] + 1
  numbers[id] = tostring(counters[kind])
  return numbers[id]
end

local function label_caption(caption, text)
  local label = pandoc.Span({ pandoc.Str(text .. ".") }, pandoc.Attr("", { "caption-label" }))
  local first = caption.long[1]
  if first then
    caption.long[1] = pandoc.Plain(pandoc.Inlines { label, pandoc.Space() } .. first.content)
  else
    caption.long = { pandoc.Plain { label } }
  end
end

-- A chapter of class appendix has a letter instead of a number.
local appendices = {}

local number_sections = {
  Pandoc = function(doc)
    local levels = { 0, 0, 0, 0, 0, 0 }
    local appendix = false
    for _, block in ipairs(doc.blocks) do
      if block.t == "Header" and not block.classes:includes("unnumbered") then
        if block.level == 1 and appendix ~= block.classes:includes("appendix") then
          appendix = not appendix
          levels[1] = 0
        end
        levels[block.level] = levels[block.level] + 1
        for deeper = block.level + 1, 6 do levels[deeper] = 0 end
        local number = pandoc.List({ table.unpack(levels, 1, block.level) }):map(tostring)
        if appendix then number[1] = string.char(64 + levels[1]) end
        block.attributes.number = table.concat(number, ".")
        numbers[block.identifier] = block.attributes.number
        appendices[block.identifier] = appendix and block.level == 1
      end
    end
    return doc
  end,
}

-- $$ ... $$ {#eq:name}, or a display equation that is a whole paragraph, becomes a Div of class equation.
local function equation(para)
  local math = para.content[1]
  if not (math and math.t == "Math" and math.mathtype == "DisplayMath") then return nil end
  local attr, rest = pandoc.Attr("", { "equation" }), para.content[#para.content]
  if #para.content > 1 then
    local id = #para.content <= 3 and rest.t == "Str" and rest.text:match("^{#(eq:[%w_-]+)}$")
    if not id then return nil end
    attr = pandoc.Attr(id, { "equation" }, { number = assign(id, "eq") })
  end
  return pandoc.Div({ pandoc.Plain { math } }, attr)
end

local number_floats = {
  traverse = "topdown",
  Figure = function(figure)
    if figure.identifier:match("^fig:") then
      label_caption(figure.caption, "Figure " .. assign(figure.identifier, "fig"))
    end
    return figure
  end,
  Table = function(tbl)
    if tbl.identifier:match("^tbl:") then
      label_caption(tbl.caption, "Table " .. assign(tbl.identifier, "tbl"))
    end
    return tbl
  end,
  Div = function(div)
    if not div.identifier:match("^eq:") then return nil end
    local block = equation(div.content[1])
    if not block then
      error("the block #" .. div.identifier .. " must contain one display equation and nothing else")
    end
    block.identifier = div.identifier
    block.attributes.number = assign(div.identifier, "eq")
    block.attributes.alt = div.attributes.alt
    return block, false
  end,
  Para = equation,
}

-- No line break inside 6-2-1, 24-12 or 1:2:4.
local keep_together = {
  Str = function(str)
    if str.text:match("%d[%-:]%d") then return pandoc.Span({ str }, pandoc.Attr("", { "nobreak" })) end
  end,
}

local link_references = {
  Cite = function(cite)
    local inlines = pandoc.Inlines {}
    for i, citation in ipairs(cite.citations) do
      local kind = citation.id:match("^(%a+):")
      local word = kind and (appendices[citation.id] and "Appendix" or words[kind])
      if not word then
        if i > 1 then error("[@...] mixes a cross-reference with a citation: " .. pandoc.utils.stringify(cite)) end
        return nil
      end
      if i > 1 then
        inlines:extend { pandoc.Str(i == #cite.citations and " and" or ","), pandoc.Space() }
      end
      if not numbers[citation.id] then error("@" .. citation.id .. " refers to something without a number") end
      inlines:insert(pandoc.Link(word .. "\u{a0}" .. numbers[citation.id], "#" .. citation.id, "",
        pandoc.Attr("", { "xref" })))
    end
    return inlines
  end,
}

-- The text before the first heading that is not of class .front (abstract, findings) goes above the table of contents.
local front_matter = {
  Pandoc = function(doc)
    local front, body = pandoc.Blocks {}, pandoc.Blocks {}
    for _, block in ipairs(doc.blocks) do
      if #body > 0 or block.t == "Header" and not block.classes:includes("front") then body:insert(block) else front:insert(block) end
    end
    if #body > 0 and #front > 0 then
      doc.blocks = pandoc.Blocks { pandoc.Div(front, pandoc.Attr("front")) } .. body
    end
    return doc
  end,
}

return { number_sections, number_floats, keep_together, link_references, front_matter }
