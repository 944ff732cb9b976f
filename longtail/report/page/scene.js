// Thirty thousand dots in WebGL, flat or deep, and the same projection on the CPU for pointing.

const VERTEX = `#version 300 es
in vec2 flatAt; in vec3 deepAt; in vec4 colour; in float radius;
uniform float depth, zoom, scale, ratio, grow; uniform vec2 middle, half_; uniform mat3 turn;
out vec4 shade;
void main() {
  vec3 at = turn * mix(vec3(flatAt, 0.0), deepAt, depth);
  float nearness = 1.0 / max(0.3, 1.0 + depth * (0.18 - 0.36 * at.z));
  vec2 pixel = (at.xy * nearness * zoom + middle) * scale;
  gl_Position = vec4(pixel / half_, -0.3 * depth * at.z, 1.0);
  gl_PointSize = 2.0 * ratio * clamp(radius * nearness * grow, 0.8, 9.0);
  float near = mix(1.0, 0.3 + 0.7 * smoothstep(-1.1, 0.5, at.z), depth);
  shade = vec4(colour.rgb, colour.a * near);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 shade; uniform vec3 rim; uniform float rimmed; out vec4 pixel;
void main() {
  float away = length(gl_PointCoord - 0.5) * 2.0;
  float alpha = shade.a * (1.0 - smoothstep(0.86, 1.0, away));
  if (alpha < 0.02) discard;
  vec3 body = mix(shade.rgb, rim, rimmed * smoothstep(0.72, 0.86, away));
  pixel = vec4(body * alpha, alpha);
}`;

const HOME = { zoom: 1, x: 0, y: 0, yaw: 0.6, pitch: 0.35 };

class Scene {
  constructor(canvas, flat, deep, radii) {
    Object.assign(this, { canvas, flat, deep, radii, count: radii.length });
    this.colours = new Uint8Array(4 * this.count).fill(255);
    this.screen = new Float32Array(3 * this.count);
    this.rim = [255, 255, 255];
    this.order = Uint32Array.from(radii.keys());
    this.behind = 0; // how many of the order lie flat behind the others and cannot be picked
    this.view = { depth: 0, ...HOME };
    this.gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
    if (this.gl) this.prepare();
    else this.pen = canvas.getContext("2d");
  }

  // Dots grow more slowly than the map, so that zooming in parts them.
  grow() {
    return Math.max(0.8, Math.min(6, this.view.zoom ** 0.7));
  }

  radius(i) {
    const nearness = this.screen[3 * i + 2] || 1;
    return Math.max(0.8, Math.min(9, this.radii[i] * nearness * this.grow()));
  }

  // Put the dots with a true `inFront(i)` above the rest.
  layer(inFront) {
    const front = [];
    const back = [];
    for (let i = 0; i < this.count; i += 1) (inFront(i) ? front : back).push(i);
    this.behind = front.length ? back.length : 0;
    this.order.set([...back, ...front]);
    this.isBehind = new Uint8Array(this.count);
    if (this.behind) for (const i of back) this.isBehind[i] = 1;
    if (this.gl) {
      this.gl.bindBuffer(this.gl.ELEMENT_ARRAY_BUFFER, this.orderBuffer);
      this.gl.bufferSubData(this.gl.ELEMENT_ARRAY_BUFFER, 0, this.order);
    }
  }

  // What frames these dots at zoom 1: [left, bottom, right, top]; strays of a crowd do not count.
  box(positions) {
    this.project();
    const { zoom, x, y } = this.view;
    const across = positions.map(
      (i) => ((this.screen[3 * i] - this.width / 2) / this.scale - x) / zoom,
    );
    const up = positions.map(
      (i) => ((this.height / 2 - this.screen[3 * i + 1]) / this.scale - y) / zoom,
    );
    const strays = Math.floor(positions.length / 50);
    const ends = (values) => {
      const sorted = Float64Array.from(values).sort();
      return [sorted[strays], sorted[sorted.length - 1 - strays]];
    };
    const [[left, right], [bottom, top]] = [ends(across), ends(up)];
    return [left, bottom, right, top];
  }

  prepare() {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    this.uniform = (name) => gl.getUniformLocation(program, name);
    const attribute = (name, data, width, type, normalised) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, width, type, normalised, 0, 0);
      return buffer;
    };
    attribute("flatAt", this.flat, 2, gl.FLOAT, false);
    attribute("deepAt", this.deep, 3, gl.FLOAT, false);
    attribute("radius", this.radii, 1, gl.FLOAT, false);
    this.colourBuffer = attribute("colour", this.colours, 4, gl.UNSIGNED_BYTE, true);
    this.orderBuffer = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.orderBuffer);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, this.order, gl.DYNAMIC_DRAW);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  recolour() {
    if (!this.gl) return;
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.colourBuffer);
    this.gl.bufferSubData(this.gl.ARRAY_BUFFER, 0, this.colours);
  }

  resize() {
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
    this.scale = 0.45 * Math.min(this.width, this.height);
  }

  // Columns of the rotation, as WebGL wants them; none while the map is flat.
  turn() {
    const { depth, yaw, pitch } = this.view;
    const [c, s, d, t] = [
      Math.cos(yaw * depth),
      Math.sin(yaw * depth),
      Math.cos(pitch * depth),
      Math.sin(pitch * depth),
    ];
    return [c, t * s, -d * s, 0, d, t, s, -t * c, d * c];
  }

  // Where dots are, in pixels of the canvas, and how near: [x, y, nearness] each.
  project() {
    const { depth, zoom, x, y } = this.view;
    const m = this.turn();
    for (let i = 0; i < this.count; i += 1) {
      const px = this.flat[2 * i] * (1 - depth) + this.deep[3 * i] * depth;
      const py = this.flat[2 * i + 1] * (1 - depth) + this.deep[3 * i + 1] * depth;
      const pz = this.deep[3 * i + 2] * depth;
      const rz = m[2] * px + m[5] * py + m[8] * pz;
      const nearness = 1 / Math.max(0.3, 1 + depth * (0.18 - 0.36 * rz));
      this.screen[3 * i] =
        this.width / 2 + ((m[0] * px + m[3] * py + m[6] * pz) * nearness * zoom + x) * this.scale;
      this.screen[3 * i + 1] =
        this.height / 2 - ((m[1] * px + m[4] * py + m[7] * pz) * nearness * zoom + y) * this.scale;
      this.screen[3 * i + 2] = nearness;
    }
  }

  draw() {
    this.project();
    if (this.gl) this.drawFast();
    else this.drawPlain();
  }

  drawFast() {
    const { gl, view } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clearDepth(1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (view.depth > 0.01) gl.enable(gl.DEPTH_TEST);
    else gl.disable(gl.DEPTH_TEST);
    for (const name of ["depth", "zoom"]) gl.uniform1f(this.uniform(name), view[name]);
    gl.uniform1f(this.uniform("scale"), this.scale);
    gl.uniform1f(this.uniform("ratio"), this.ratio);
    gl.uniform1f(this.uniform("grow"), this.grow());
    gl.uniform2f(this.uniform("middle"), view.x, view.y);
    gl.uniform2f(this.uniform("half_"), this.width / 2, this.height / 2);
    gl.uniform3fv(
      this.uniform("rim"),
      this.rim.map((part) => part / 255),
    );
    gl.uniformMatrix3fv(this.uniform("turn"), false, this.turn());
    const part = (from, count, rimmed) => {
      gl.uniform1f(this.uniform("rimmed"), rimmed);
      if (count) gl.drawElements(gl.POINTS, count, gl.UNSIGNED_INT, 4 * from);
    };
    part(0, this.behind, 0);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    part(this.behind, this.count - this.behind, 0.55);
  }

  // Without WebGL: the same dots as small squares.
  drawPlain() {
    this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.pen.clearRect(0, 0, this.width, this.height);
    for (const i of this.order) {
      const [r, g, b, a] = this.colours.subarray(4 * i, 4 * i + 4);
      const side = 1.6 * this.radius(i);
      this.pen.fillStyle = `rgb(${r} ${g} ${b} / ${a / 255})`;
      this.pen.fillRect(
        this.screen[3 * i] - side / 2,
        this.screen[3 * i + 1] - side / 2,
        side,
        side,
      );
    }
  }

  // The dot nearest to a place on the canvas, within `reach` pixels; -1 when there is none.
  pick(x, y, reach = 11) {
    let best = -1;
    let least = reach * reach;
    for (let i = 0; i < this.count; i += 1) {
      if (this.isBehind?.[i]) continue;
      const away = (this.screen[3 * i] - x) ** 2 + (this.screen[3 * i + 1] - y) ** 2;
      if (away < least) [best, least] = [i, away];
    }
    return best;
  }
}
