/** As PostgreSQL writes it; anything else it would refuse as no uuid. */
export const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu
