// Speaks to the server by HTTP alone, like any other client; after a login with its token.

/** Of the server's API. */
export const api = new URL('openeo/1.2', document.baseURI).href;

let token;

export const isLoggedIn = () => token !== undefined;

/** A response, with the token where there is one. */
export function get(address, options = {}) {
  const headers = {
    ...options.headers,
    ...(token && !options.headers?.Authorization && { Authorization: `Bearer basic//${token}` }),
  };
  return fetch(address, { ...options, headers });
}

/** The JSON of an answer. @throws Error with the message of the server, and its `status` */
export async function request(address, options) {
  const response = await get(address, options);
  const body = await response.json();
  if (!response.ok)
    throw Object.assign(new Error(body.message ?? `The server answers ${response.status}`), {
      status: response.status,
    });
  return body;
}

/** A picture that needs a token is fetched by script, because an image element cannot send one. */
export async function loadImage(image, address) {
  const response = await get(address);
  if (!response.ok) throw new Error(response.statusText);
  image.src = URL.createObjectURL(await response.blob());
  await image.decode().finally(() => URL.revokeObjectURL(image.src));
}

/** Makes a form of `user` and `password` log in; `done` follows, `failed` gets the message. */
export function onLogin(form, done, failed) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const credentials = new TextEncoder().encode(`${data.get('user')}:${data.get('password')}`);
    try {
      const { access_token } = await request(`${api}/credentials/basic`, {
        headers: { Authorization: `Basic ${btoa(String.fromCharCode(...credentials))}` },
      });
      token = access_token.replace(/^basic\/\//, '');
      form.closest('details').open = false;
      await done();
    } catch (error) {
      failed(error.message);
    }
  });
}
